"""The program: what it can do stands in it, with an example of each; what makes no sense is refused with exit 2."""

import re
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.cli import main as cli
from infra.cli.backup import instant
from infra.cli.feed import event_id
from infra.cli.main import (
    EXIT_DEFECT,
    EXIT_WRONG,
    EXPECTED,
    FROM_OUTSIDE,
    MODULES,
    all_verbs,
    disagreement,
    is_one_of,
    main,
    make_parser,
)
from infra.cli.simulate import day
from infra.cli.verb import Verb
from infra.postgres.embedded import PostgresNotStarted
from simulation.plan import APPLICATIONS_MAX, DAYS_MAX
from tests.conftest import PROJECT, new_folder

VERBS = all_verbs()
TASKS = tuple(dict.fromkeys(verb.task for verb in VERBS))


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_of("--version") == 0
    assert capsys.readouterr().out == f"jejak {version('jejak')}\n"


@pytest.mark.parametrize(
    "fault",
    [PostgresNotStarted("it\nended:  why"), OSError(28, "No space left"), psycopg.OperationalError("a\n\tb"),
     PermissionError(13, "denied", "/x"), psycopg.errors.DiskFull()],
)  # fmt: skip
def test_a_fault_at_the_start_is_one_line(
    fault: Exception, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise fault

    monkeypatch.setattr("infra.cli.access.settings", fails)
    assert main(["token", "--role", "operator"]) == EXIT_WRONG
    said = capsys.readouterr().err
    assert said.startswith("jejak: ")
    assert said.count("\n") == 1
    assert len(said) > len("jejak: \n")


@pytest.mark.parametrize("debug", [True, False])
def test_a_defect_is_one_line_without_its_message_unless_somebody_asks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, debug: bool
) -> None:
    def fails() -> None:
        raise KeyError("Siti Contoh")

    monkeypatch.setattr("infra.cli.access.settings", fails)
    assert main([*(["--debug"] if debug else []), "token", "--role", "operator"]) == EXIT_DEFECT
    *before, said = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"jejak: KeyError at (tests|infra)/\S+:\d+\. This is a defect of Jejak\. .*", said)
    assert any("Traceback" in line for line in before) == debug
    assert bool(before) == debug


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("JEJAK_TOPICS_FILE", "/nothing/topics.toml"),
        ("JEJAK_TOPICS_FILE", "/proc/self/cmdline"),
        ("JEJAK_DATABASE_URL", "mysql://x"),
        ("JEJAK_DATABASE_PASSWORD_FILE", "/nothing/password"),
        ("JEJAK_SCHEDULE_SECONDS", "soon"),
        ("JEJAK_DATA_DIR", "/proc/jejak"),
    ],
)
def test_what_cannot_be_read_at_the_start_is_named_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str
) -> None:
    monkeypatch.setenv("JEJAK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv(variable, value)
    assert main(["project"]) == EXIT_WRONG
    said = capsys.readouterr().err
    assert said.startswith("jejak: ")
    assert said.count("\n") == 1


def test_a_key_that_cannot_be_read_is_named_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_folder()
    monkeypatch.setenv("JEJAK_DATA_DIR", str(folder))
    monkeypatch.setenv("JEJAK_KEK_FILE", "/nothing/key")
    try:
        assert main(["token", "--role", "auditor"]) == EXIT_WRONG
    finally:
        shutil.rmtree(folder)
    assert "\njejak: the key-encryption key /nothing/key cannot be read" in capsys.readouterr().err


def exit_of(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_the_bare_program_lists_its_verbs_by_task(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    places = [shown.index(f"\n{task}:\n") for task in TASKS]
    assert places == sorted(places)
    for verb in VERBS:
        assert f"\n  {verb.name:<11}{verb.help}\n" in shown
    assert "Next: `jejak serve --examples`" in shown


@pytest.mark.parametrize("name", [verb.name for verb in VERBS])
def test_the_help_of_every_verb_has_an_example_and_what_to_do_next(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert exit_of(name, "--help") == 0
    shown = capsys.readouterr().out
    assert f"\nexample:  jejak {name}" in shown
    assert "\nnext:     " in shown


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_example_is_one_that_the_program_takes(verb: Verb) -> None:
    options = make_parser(VERBS).parse_args(shlex.split(verb.example)[1:])
    assert options.verb == verb.name
    assert cli.disagreement(options) is None


@pytest.mark.parametrize(
    "arguments",
    [
        ("token",),
        ("token", "--role", "officer", "--agency", "dinkes"),
        ("token", "--role", "king"),
        ("erase",),
        ("erase", str(UUID(int=1)), "--person", str(UUID(int=2))),
        ("erase", "not-an-id"),
        ("era",),
        ("era", "begin"),
        ("era", "list", "--reason", "x"),
        ("era", "end"),
        ("rebuild", "nothing"),
        ("import", "file.xes"),
        ("serve", "--port", "eighty"),
        ("psql", "--role", "keys"),
        ("nothing",),
    ],
    ids=" ".join,
)
def test_options_that_disagree_or_mean_nothing_are_refused(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert exit_of(*arguments) == EXIT_WRONG
    shown = capsys.readouterr()
    assert "usage: jejak" in shown.err
    assert shown.out == ""


RANGES = {
    "serve --port": (0, 65_535),
    "serve --ops-port": (0, 65_535),
    "serve --workers": (1, 64),
    "api --port": (0, 65_535),
    "api --ops-port": (0, 65_535),
    "api --descriptor": (0, 1_048_575),
    "project --ops-port": (0, 65_535),
    "project --shards": (1, 64),
    "project --shard": (0, 63),
    "schedule --interval": (1, 86_400),
    "schedule --ops-port": (0, 65_535),
    "import --timeout": (1, 86_400),
    "mapping --timeout": (1, 86_400),
    "follow --timeout": (1, 86_400),
    "follow --every": (1, 86_400),
    "follow --ops-port": (0, 65_535),
    "simulate --seed": (0, 2**63 - 1),
    "simulate --days": (1, DAYS_MAX),
    "simulate --applications": (1, APPLICATIONS_MAX),
    "simulate --per-day": (1, APPLICATIONS_MAX),
    "simulate --rate": (0.001, 1_000_000),
    "era --seen": (1, 2**31 - 1),
    "restore --seen": (1, 2**31 - 1),
    "backup --interval": (0.1, 86_400),
    "backup --ops-port": (0, 65_535),
    "backup --keep": (1, 1_000),
    "accesses --after": (0, 2**63 - 1),
    "relay --at": (0, 2**63 - 1),
    "relay --ops-port": (0, 65_535),
    "intake --ops-port": (0, 65_535),
    "feed --last": (0, 500),
    "token --hours": (1, 87_600),
}
"""Every option that takes a number, with its range."""
REQUIRED = {
    "era": ["begin", "--reason", "x"],
    "feed": ["tail", "pln"],
    "token": ["--role", "operator"],
    "import": ["a.csv", "--mapping", "a.toml"],
    "mapping": ["a.csv"],
    "follow": ["mysql://u@h/d", "--mapping", "a.toml", "--cursor", "c"],
}


def test_every_option_that_takes_a_number_has_a_range() -> None:
    numeric = {
        f"{verb.name} {names[0]}"
        for verb in VERBS
        for names, settings in verb.options
        if callable(parse := settings.get("type")) and parse not in (UUID, Path, event_id, day, instant)
    }
    assert numeric == RANGES.keys()


@pytest.mark.parametrize("option", RANGES)
def test_a_number_out_of_its_range_is_refused_with_the_range(capsys: pytest.CaptureFixture[str], option: str) -> None:
    verb, name = option.split()
    low, high = RANGES[option]
    for number in (low, high):
        options = make_parser(VERBS).parse_args([verb, *REQUIRED.get(verb, []), f"{name}={number}"])
        assert options.verb == verb
    for wrong in (low - 1, high + 1, "many", ""):
        assert exit_of(verb, *REQUIRED.get(verb, []), f"{name}={wrong}") == EXIT_WRONG
        told = capsys.readouterr().err
        assert f"argument {name}: must be a" in told
        assert str(high) in told


def test_a_shard_that_no_view_has_is_refused_before_anything_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_of("project", "--shards", "4", "--shard", "0", "4") == EXIT_WRONG
    assert "must be from 0 to 3" in capsys.readouterr().err


def test_a_token_for_an_office_names_the_office(capsys: pytest.CaptureFixture[str]) -> None:
    for role in ("officer", "supervisor"):
        assert main(["token", "--role", role]) == EXIT_WRONG
        assert "needs --office" in capsys.readouterr().err


def test_what_a_person_can_mend_is_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JEJAK_DATABASE_URL", "postgresql://db/jejak")
    monkeypatch.delenv("JEJAK_KEYS_DATABASE_URL", raising=False)
    assert main(["url"]) == EXIT_WRONG
    told = capsys.readouterr().err
    assert told.startswith("jejak: JEJAK_DATABASE_URL and JEJAK_KEYS_DATABASE_URL go together")
    assert told.count("\n") == 1


@pytest.mark.parametrize("name", sorted(EXPECTED | FROM_OUTSIDE))
def test_an_expected_error_has_its_own_name(name: str) -> None:
    """The errors are listed by name. A name that no longer exists would make the error a defect."""
    module, _, own = name.rpartition(".")
    found = getattr(import_module(module or "builtins"), own)
    assert issubclass(found, Exception)
    assert is_one_of(found.__new__(found), frozenset({name}))


def test_the_list_of_verbs_names_each_verb_and_its_module() -> None:
    for module in set(MODULES.values()):
        own = [verb.name for verb in import_module(f"infra.cli.{module}").VERBS]
        assert own == [name for name, place in MODULES.items() if place == module]


@pytest.mark.parametrize("name", ["project", "relay", "fsck", "rebuild", "token", "backup", "era", "feed"])
def test_a_verb_that_serves_no_pages_does_not_import_them(name: str) -> None:
    """Each start of `jejak` waits for its imports."""
    code = f"import sys; from infra.cli.main import verb_named; verb_named({name!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert not {"starlette", "uvicorn", "jinja2", "python_calamine"} & set(done.stdout.split())


def test_without_kafka_the_intake_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("JEJAK_KAFKA_BOOTSTRAP", raising=False)
    assert main(["intake"]) == EXIT_WRONG
    assert "JEJAK_KAFKA_BOOTSTRAP is not set" in capsys.readouterr().err


def test_nothing_is_erased_without_the_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "yes")
    assert main(["erase", str(uuid4())]) == 1
    assert "nothing was erased" in capsys.readouterr().err


PLACEHOLDERS = {"APPLICATION": str(uuid4()), "REF": str(uuid4()), "AGENCY": "pln", "N": "5", "ID": "5", "VIEW": "desk"}
SHOWN = sorted(
    {
        " ".join(command.split())
        for file in (PROJECT / "README.md", PROJECT / "SECURITY.md", *(PROJECT / "docs").glob("*.md"))
        for command in re.findall(r"`(?:\.venv/bin/)?jejak ([a-z-]+ [^`]*)`", file.read_text(encoding="utf-8"))
    }
)


@pytest.mark.parametrize("command", SHOWN)
def test_every_command_with_options_that_the_documents_show_is_accepted(command: str) -> None:
    """Once the guide told the operator to run `jejak era`, which is a usage error."""
    options = make_parser(VERBS).parse_args([PLACEHOLDERS.get(word, word) for word in shlex.split(command)])
    assert disagreement(options) is None
