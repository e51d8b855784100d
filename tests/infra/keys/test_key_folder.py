"""The key folder: nobody else may enter it, however many make it at once, and a wrong key says what is wrong."""

import base64
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from infra.keys.key_folder import BUCKETS, GENERATION_BYTES, WRAPPED_BYTES, KeyFolder, fresh_keys
from infra.keys.wrapping_key import KeysUnreadable
from tests.conftest import PROJECT, new_folder

WRAP = "import sys, pathlib, infra.keys.key_folder as k; f = k.KeyFolder(pathlib.Path(sys.argv[1]));"
KEY = bytes(range(32))


@pytest.fixture
def folder() -> Iterator[Path]:
    made = new_folder()
    yield made / "keys"
    shutil.rmtree(made)


def test_nobody_else_can_enter_the_folder_or_read_its_files(folder: Path) -> None:
    KeyFolder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    files = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
    assert files == {"key-encryption-key": 0o600, "buckets": 0o600, "lock": 0o600}
    assert (folder / "buckets").stat().st_size == GENERATION_BYTES + BUCKETS * WRAPPED_BYTES
    assert [file.name for file in folder.with_name("keys-epoch").iterdir()] == ["epoch-0"]


def test_a_key_opens_again_after_a_restart_and_in_its_bucket_alone(folder: Path) -> None:
    wrapped = KeyFolder(folder).wrap(7, KEY)
    assert KEY not in wrapped
    assert KeyFolder(folder).unwrap(7, wrapped) == KEY
    with pytest.raises(KeysUnreadable, match="a key of bucket 8 cannot be opened"):
        KeyFolder(folder).unwrap(8, wrapped)


def test_processes_that_start_at_once_share_one_set_of_keys(folder: Path) -> None:
    command = [sys.executable, "-c", WRAP + "print(f.wrap(3, bytes(32)).hex())", str(folder)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT, text=True) for _ in range(6)]
    answers = {process.communicate(timeout=30)[0].strip() for process in started}
    assert answers == {KeyFolder(folder).wrap(3, bytes(32)).hex()}


def test_a_folder_that_others_can_enter_is_refused(folder: Path) -> None:
    KeyFolder(folder)
    folder.chmod(0o750)
    with pytest.raises(KeysUnreadable, match=f"chmod 700 {folder}"):
        KeyFolder(folder)


def test_a_wrong_key_encryption_key_is_refused(folder: Path) -> None:
    KeyFolder(folder)
    (folder / "key-encryption-key").write_bytes(bytes(32))
    with pytest.raises(KeysUnreadable, match="buckets cannot be opened with the key-encryption key"):
        KeyFolder(folder)


@pytest.mark.parametrize("cut_off", [0, 16, 31])
def test_a_cut_off_key_encryption_key_is_refused(folder: Path, cut_off: int) -> None:
    KeyFolder(folder)
    (folder / "key-encryption-key").write_bytes(bytes(cut_off))
    with pytest.raises(KeysUnreadable, match="does not have 32 bytes: restore the key"):
        KeyFolder(folder)


def test_a_missing_key_encryption_key_is_never_made_anew(folder: Path) -> None:
    KeyFolder(folder)
    (folder / "key-encryption-key").unlink()
    with pytest.raises(KeysUnreadable, match="key-encryption-key is missing: restore the file"):
        KeyFolder(folder)
    assert not (folder / "key-encryption-key").exists()


def test_cut_off_buckets_are_refused(folder: Path) -> None:
    KeyFolder(folder)
    whole = (folder / "buckets").read_bytes()
    (folder / "buckets").write_bytes(whole[:-1])
    with pytest.raises(KeysUnreadable, match="from one time"):
        KeyFolder(folder)


def test_another_installations_keys_do_not_open(folder: Path) -> None:
    wrapped = KeyFolder(folder).wrap(0, KEY)
    with pytest.raises(KeysUnreadable, match="another installation"):
        KeyFolder(folder.parent / "other").unwrap(0, wrapped)


def test_the_folder_of_an_older_release_still_opens_and_its_first_erasure_moves_it_to_an_epoch(folder: Path) -> None:
    KeyFolder(folder)
    kek, bucket_keys = bytes(range(32)), fresh_keys()
    (folder / "key-encryption-key").write_bytes(kek)
    (folder / "buckets").write_bytes(b"".join(aes_key_wrap(kek, key) for key in bucket_keys))
    opened = KeyFolder(folder)
    assert opened.is_older_format()
    assert opened.unwrap(9, aes_key_wrap(bucket_keys[9], KEY)) == KEY
    opened.prepare(range(BUCKETS))
    opened.finish()
    assert not opened.is_older_format()
    assert opened.generation == 1


@pytest.mark.parametrize("text", [KEY, base64.b64encode(KEY), base64.b64encode(KEY) + b"\n"])
def test_the_key_encryption_key_comes_from_a_file_or_a_command(folder: Path, text: bytes) -> None:
    kek = folder.parent / "kek"
    kek.write_bytes(text)
    wrapped = KeyFolder(folder, kek_file=kek).wrap(7, KEY)
    assert not (folder / "key-encryption-key").exists()
    assert KeyFolder(folder, kek_command=f"cat {kek}").unwrap(7, wrapped) == KEY


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"kek_file": Path("/nonexistent/kek")}, "/nonexistent/kek cannot be read: No such file"),
        ({"kek_file": Path("/etc/hostname")}, "/etc/hostname does not have 32 bytes"),
        ({"kek_command": "false"}, "JEJAK_KEK_COMMAND did not give"),
        ({"kek_command": "/nonexistent/command"}, "JEJAK_KEK_COMMAND did not give"),
        ({"kek_command": "echo too-short"}, "the output of JEJAK_KEK_COMMAND does not have 32 bytes"),
    ],
)
def test_a_key_encryption_key_that_is_not_there_is_never_made(folder: Path, given: dict[str, Any], says: str) -> None:
    with pytest.raises(KeysUnreadable, match=says):
        KeyFolder(folder, **given)
    assert not (folder / "buckets").exists()


def test_an_older_copy_of_the_folder_opens_nothing_after_an_erasure(folder: Path) -> None:
    opened = KeyFolder(folder)
    shutil.copytree(folder, folder.parent / "older")
    opened.prepare([3])
    opened.finish()
    shutil.copytree(folder.with_name("keys-epoch"), folder.parent / "older-epoch")
    with pytest.raises(KeysUnreadable, match="opens nothing"):
        KeyFolder(folder.parent / "older")


def test_the_epoch_folder_is_inside_a_key_folder_that_is_a_volume(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert KeyFolder(folder).epochs == folder.with_name("keys-epoch")
    volume = folder.with_name("volume")
    monkeypatch.setattr(Path, "is_mount", lambda path: path == volume)
    assert KeyFolder(volume).epochs == volume / "epoch"
