"""After an erasure nothing that is left opens what was erased; the living open as before, whatever happens."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from infra.keys.erasing import Erasing, faults_of_keys
from infra.keys.erasure_list import LINE_BYTES, Erasure, ErasureList
from infra.keys.key_folder import KEY_BYTES, OWN_KEY, WRAPPED_BYTES, KeyFolder
from infra.keys.key_store import KeyStore
from infra.keys.wrapping_key import KeysUnreadable, of_epoch
from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.pool import pool
from tests.conftest import Fresh

pytestmark = pytest.mark.anyio

NIK = "33740141019{:05d}"
ROLES = ["applicant", "subject"]
Keys = dict[UUID, dict[str, bytes]]


class Killed(BaseException):
    """The process ends here."""


def ask(fresh: Fresh, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(fresh.databases.keys_owner) as connection:
        return connection.execute(query.encode()).fetchall()


async def filled(fresh: Fresh, applications: int = 40) -> Keys:
    """Makes applications, and returns the key of each role. So the same key can be looked for after an erasure."""
    folder = KeyFolder(fresh.settings.key_dir)
    found: Keys = {}
    async with pool(fresh.databases.keys) as pooled, KeyStore(pooled, fresh.databases.keys, folder) as store:
        for number in range(applications):
            application = uuid4()
            made = await store.new_dossier_keys(application, ROLES, {"applicant": NIK.format(number)})
            found[application] = {key.role: key.key for key in made}
    return found


async def standing(fresh: Fresh, applications: list[UUID], folder: KeyFolder | None = None) -> Keys:
    folder = folder or KeyFolder(fresh.settings.key_dir)
    async with pool(fresh.databases.keys) as pooled, KeyStore(pooled, fresh.databases.keys, folder) as store:
        keys = {application: await store.dossier_keys(application) for application in applications}
    return {application: {role: key.key for role, key in of.items()} for application, of in keys.items() if of}


def erasing(fresh: Fresh, copied: Callable[[], None] = lambda: None) -> Erasing:
    return Erasing(fresh.databases.keys, KeyFolder(fresh.settings.key_dir), copied)


async def test_nothing_that_is_left_opens_what_was_erased(fresh: Fresh, postgres: EmbeddedPostgres) -> None:
    """The heap, the write-ahead log, an older copy of the key store and an older copy of the key folder."""
    _checkpoint(postgres)
    began = _end_of_log(postgres)
    before = await filled(fresh)
    lost = next(iter(before))
    query = f"SELECT bucket, wrapped FROM dossier_keys WHERE application_id = '{lost}'"
    older_rows = [(bucket, bytes(wrapped)) for bucket, wrapped in ask(fresh, query)]
    older = fresh.settings.key_dir.with_name("older")
    shutil.copytree(fresh.settings.key_dir, older)
    _checkpoint(postgres)
    older_heap = _heap(fresh, postgres)

    assert erasing(fresh).erase(Erasure(application=lost)) == [lost]

    _checkpoint(postgres)
    log = _write_ahead_log(postgres, began)
    assert all(wrapped in older_heap and wrapped in log for _, wrapped in older_rows), "else this test shows nothing"
    today = KeyFolder(fresh.settings.key_dir)
    _, keys = today.read(today.current)
    for _, wrapped in older_rows:
        assert not any(_opens(key, wrapped) for key in keys)
    touched = {bucket for bucket, _ in older_rows}
    for stored in (older_heap, _heap(fresh, postgres), log):
        for place in range(len(stored) - WRAPPED_BYTES):  # each string of bytes, at each place
            for bucket in touched:
                assert _opens(keys[bucket], stored[place : place + WRAPPED_BYTES]) not in before[lost].values()
    # The older copy of the key folder opens nothing, with the epoch key and the key-encryption key of today.
    shutil.copytree(today.epochs, older.with_name("older-epoch"))
    with pytest.raises(KeysUnreadable, match="opens nothing"):
        KeyFolder(older)
    old_file, kek = (older / "buckets").read_bytes(), (today.folder / OWN_KEY).read_bytes()
    known = [kek, of_epoch(kek, (today.epochs / "epoch-1").read_bytes())]
    for place in range(0, len(old_file) - WRAPPED_BYTES, 8):
        assert not any(_opens(key, old_file[place : place + WRAPPED_BYTES]) for key in known)
    assert list(today.epochs.iterdir()) == [today.epochs / "epoch-1"]


async def test_the_living_open_as_before_also_in_a_process_that_runs(fresh: Fresh) -> None:
    before = await filled(fresh)
    lost = next(iter(before))
    running = KeyFolder(fresh.settings.key_dir)
    erasing(fresh).erase(Erasure(application=lost))
    expected = {application: keys for application, keys in before.items() if application != lost}
    assert await standing(fresh, [*before]) == expected
    assert await standing(fresh, [*before], running) == expected
    async with pool(fresh.databases.keys) as pooled, KeyStore(pooled, fresh.databases.keys, running) as store:
        new = uuid4()
        [made] = await store.new_dossier_keys(new, ["applicant"])
    assert await standing(fresh, [new]) == {new: {"applicant": made.key}}
    assert faults_of_keys(fresh.databases.keys, KeyFolder(fresh.settings.key_dir)) == []


STEPS = [
    "the list has the line",
    "the next bucket keys are stored",
    "the transaction is not committed",
    "the transaction is committed",
    "the living keys were opened",
    "the next bucket keys are the current ones",
]


def kill_at(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object, **__: object) -> None:
        raise Killed

    match STEPS.index(step):
        case 0:
            monkeypatch.setattr(Erasing, "_destroy", killed)
        case 1:
            monkeypatch.setattr("infra.keys.erasing._wrap_table", killed)
        case 2:
            monkeypatch.setattr("infra.keys.erasing._opened", killed)
        case 3:
            monkeypatch.setattr(Erasing, "_settle", killed)
        case 4:
            monkeypatch.setattr(KeyFolder, "finish", killed)
        case 5:
            monkeypatch.setattr(KeyFolder, "sweep", killed)


@pytest.mark.parametrize("step", STEPS)
async def test_an_erasure_that_was_killed_at_any_step_is_finished_by_the_next_start(
    fresh: Fresh, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await filled(fresh, 8)
    lost = next(iter(before))
    with monkeypatch.context() as patched:
        kill_at(step, patched)
        with pytest.raises(Killed):
            erasing(fresh).erase(Erasure(application=lost))
    left = await standing(fresh, [*before])
    assert {application: before[application] for application in left} == left, "what is there opens as before"
    assert set(before) - set(left) <= {lost}

    again = erasing(fresh)
    assert again.is_behind()
    again.go_on()
    assert not again.is_behind()
    assert await standing(fresh, [*before]) == {a: keys for a, keys in before.items() if a != lost}
    folder = KeyFolder(fresh.settings.key_dir)
    assert not folder.next.exists()
    assert len(list(folder.epochs.iterdir())) == 1


@pytest.mark.parametrize("touched", [True, False])
async def test_a_bucket_key_that_was_lost_is_noticed_before_the_old_one_is_destroyed(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch, *, touched: bool
) -> None:
    """One of the 256 new bucket keys: of a bucket that the erasure touches, or of another bucket."""
    before = await filled(fresh, 8)
    lost = next(iter(before))
    neighbour = _neighbour(fresh, lost, None)
    bucket = neighbour if touched else _other_bucket(fresh, lost)
    read = KeyFolder.read

    def one_is_wrong(folder: KeyFolder, file: Path) -> tuple[int, list[bytes]]:
        generation, keys = read(folder, file)
        if file == folder.next:
            keys[bucket] = bytes(KEY_BYTES)
        return generation, keys

    with monkeypatch.context() as patched:
        patched.setattr(KeyFolder, "read", one_is_wrong)
        with pytest.raises(KeysUnreadable, match="was not stored as it was made"):
            erasing(fresh).erase(Erasure(application=lost))
    assert await standing(fresh, [*before]) == before, "nothing was destroyed"
    with monkeypatch.context() as patched:
        patched.setattr("infra.keys.erasing._wrap_table", lambda *_, **__: None)
        with pytest.raises(KeysUnreadable, match="does not open it"):
            erasing(fresh).go_on()
    assert await standing(fresh, [*before]) == before
    erasing(fresh).go_on()
    assert await standing(fresh, [*before]) == {a: keys for a, keys in before.items() if a != lost}


async def test_a_bucket_key_that_was_lost_after_the_commit_is_noticed_and_the_old_one_still_opens(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await filled(fresh, 8)
    lost = next(iter(before))
    with monkeypatch.context() as patched:
        kill_at("the transaction is committed", patched)
        with pytest.raises(Killed):
            erasing(fresh).erase(Erasure(application=lost))
    folder = KeyFolder(fresh.settings.key_dir)
    generation, keys = folder.read(folder.next)
    keys[_other_bucket(fresh, lost)] = bytes(KEY_BYTES)
    folder.store(folder.next, generation, keys)
    with pytest.raises(KeysUnreadable, match="The old bucket keys were kept"):
        erasing(fresh).go_on()
    assert await standing(fresh, [*before]) == {a: keys for a, keys in before.items() if a != lost}


async def test_a_living_key_that_cannot_be_opened_stops_an_erasure_and_fsck_names_its_bucket(fresh: Fresh) -> None:
    before = await filled(fresh, 8)
    lost = next(iter(before))
    bucket = _neighbour(fresh, lost, bytes(WRAPPED_BYTES))
    with pytest.raises(KeysUnreadable, match=f"a key of bucket {bucket} in dossier_keys cannot be opened"):
        erasing(fresh).erase(Erasure(application=lost))
    assert await standing(fresh, [*before]) == before
    [fault] = faults_of_keys(fresh.databases.keys, KeyFolder(fresh.settings.key_dir))
    assert f"dossier_keys: the keys of 1 of 256 buckets cannot be opened ({bucket})" in fault


async def test_many_erasures_are_one_transaction_and_a_start_reads_one_row(fresh: Fresh) -> None:
    before = await filled(fresh, 4)
    listed = ErasureList(fresh.settings.key_dir / "erasures")
    listed.append([Erasure(application=uuid4()) for _ in range(5000)])
    listed.append([Erasure(application=next(iter(before)))])
    again = erasing(fresh)
    assert again.is_behind()
    assert again.go_on() == [next(iter(before))]
    assert again.folder.generation == 1
    assert not again.is_behind()


def test_a_cut_line_of_the_list_is_dropped_and_a_changed_line_is_refused(fresh: Fresh) -> None:
    listed = ErasureList(fresh.settings.key_dir / "erasures")
    given = [Erasure(application=uuid4()), Erasure(person=uuid4()), Erasure(application=uuid4())]
    listed.append(given[:2])
    with listed.file.open("ab") as file:
        file.write(b"2026-11-30T07:00:00Z appli")
    listed.append(given[2:])
    assert (len(listed), listed.after(0), listed.after(2)) == (3, given, given[2:])
    raw = bytearray(listed.file.read_bytes())
    raw[LINE_BYTES + 40] ^= 1
    listed.file.write_bytes(raw)
    with pytest.raises(KeysUnreadable, match="line 2: the checksum is wrong"):
        listed.after(0)


async def test_a_list_that_lost_lines_is_refused(fresh: Fresh) -> None:
    before = await filled(fresh, 2)
    erasing(fresh).erase(Erasure(application=next(iter(before))))
    (fresh.settings.key_dir / "erasures").write_bytes(b"")
    with pytest.raises(KeysUnreadable, match="0 lines, but 1 erasures were carried out"):
        erasing(fresh).go_on()


def _neighbour(fresh: Fresh, application: UUID, wrapped: bytes | None) -> int:
    """Stores a living key in a bucket of the application, or something that is no key. Returns the bucket."""
    [(bucket,)] = ask(fresh, f"SELECT bucket FROM dossier_keys WHERE application_id = '{application}' LIMIT 1")
    wrapped = wrapped or KeyFolder(fresh.settings.key_dir).wrap(bucket, bytes(32))
    with psycopg.connect(fresh.databases.keys_owner) as connection:
        connection.execute(
            "INSERT INTO dossier_keys VALUES (%s, gen_random_uuid(), gen_random_uuid(), 'subject', %s, %s)",
            (UUID(int=(bucket << 120) + 1), bucket, wrapped),
        )
    return int(bucket)


def _other_bucket(fresh: Fresh, application: UUID) -> int:
    """A bucket with living keys, and without a key of the application or of its persons."""
    rows = (
        "SELECT d.bucket, p.bucket FROM dossier_keys d LEFT JOIN persons p USING (person) WHERE application_id {} '{}'"
    )
    touched = {bucket for row in ask(fresh, rows.format("=", application)) for bucket in row}
    return next(int(bucket) for bucket, _ in ask(fresh, rows.format("<>", application)) if bucket not in touched)


def _opens(key: bytes, wrapped: bytes) -> bytes | None:
    try:
        return bytes(aes_key_unwrap(key, wrapped))
    except InvalidUnwrap:
        return None


def _checkpoint(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as connection:
        connection.execute("CHECKPOINT")


def _heap(fresh: Fresh, postgres: EmbeddedPostgres) -> bytes:
    [(path,)] = ask(fresh, "SELECT pg_relation_filepath('dossier_keys')")
    return Path(postgres.folder, "pg18", str(path)).read_bytes()


def _end_of_log(postgres: EmbeddedPostgres) -> tuple[str, int]:
    """The segment in which the write-ahead log ends now, and the place there."""
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as connection:
        row = connection.execute("SELECT * FROM pg_walfile_name_offset(pg_current_wal_insert_lsn())").fetchone()
    assert row
    return str(row[0]), int(row[1])


def _write_ahead_log(postgres: EmbeddedPostgres, began: tuple[str, int]) -> bytes:
    """What was written since `began`."""
    segments = [file for file in sorted((postgres.folder / "pg18" / "pg_wal").glob("0*")) if file.name >= began[0]]
    last, end = _end_of_log(postgres)
    written = [file.read_bytes()[: end if file.name == last else None] for file in segments if file.name <= last]
    return b"".join(written)[began[1] :]
