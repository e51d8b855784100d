"""What an import by an unedited draft would store, in short words."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from zoneinfo import ZoneInfo

from domain.registry.registry import Registry
from feeds.history.draft import drafted
from feeds.history.file_format import read_cases
from feeds.history.mapping import Mapping
from feeds.history.mapping_file import read_mapping
from feeds.history.records import Reader
from feeds.history.source import silent
from infra.imports.check import Summary, check

ZONE = "Asia/Jakarta"
JAKARTA = ZoneInfo(ZONE)


class Draft(NamedTuple):
    text: str
    mapping: Mapping
    summary: Summary
    cases: dict[str, list[str]]
    """The events of each case: the kind, the stage and the local time, such as "stage-completed periksa 2026-03-02
    09:00"; "(day)" follows if only the day is known.
    """

    @property
    def questions(self) -> str:
        return "\n".join(line for line in self.text.splitlines() if "CHECK" in line)


def draft_of(content: str | bytes, name: str = "catatan.csv", edit: Iterable[tuple[str, str]] = ()) -> Draft:
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        text = drafted(file, silent, ZONE)
        for old, new in edit:
            assert old in text
            text = text.replace(old, new)
        return told_by(file, text)


def told_by(file: Path, text: str) -> Draft:
    toml = file.with_name("draft.toml")
    toml.write_text(text, encoding="utf-8")
    mapping = read_mapping(toml)
    reader = Reader(file, mapping, Registry())
    cases: dict[str, list[str]] = {}
    for source in read_cases(file, mapping):
        case = reader.case(source)
        cases.setdefault(case.key, []).extend(_shown(item.record.event, item.record.act) for item in case.items)
    return Draft(text, mapping, check(file, mapping, Registry(), silent), cases)


def _shown(event: object, act: object) -> str:
    topic = str(getattr(event, "topic", "")).removeprefix("application.").removesuffix(".v1")
    at = act.at.astimezone(JAKARTA)  # type: ignore[attr-defined]
    day = act.at_quality == "day"  # type: ignore[attr-defined]
    stage = getattr(event, "stage", "")
    return " ".join(filter(None, [topic, stage, f"{at:%Y-%m-%d}" if day else f"{at:%Y-%m-%d %H:%M}", "(day)" * day]))
