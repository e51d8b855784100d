"""What a column may be by its name (names.toml).

A draft has to guess; it is read by a person before it is trusted.
"""

import re
import tomllib
from functools import cache
from pathlib import Path

NAMES: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))
SETS = {role: frozenset(words) for role, words in NAMES.items()}


@cache
def tokens(name: str) -> tuple[str, ...]:
    """Its words in lower case; a word for a date that is glued to another is parted from it."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    found: list[str] = []
    for word in re.findall(r"[^\W_]+", parted.lower()):
        glued = re.fullmatch(r"(.{3,}?)(date|datum|time|dt|ts)|(tanggal|tgl|datum|date|waktu)(.{3,})", word)
        found += [part for part in glued.groups() if part] if glued and word not in SETS["time"] else [word]
    return tuple(found)


def has(name: str, role: str) -> bool:
    return not SETS[role].isdisjoint(tokens(name))


def case_rank(name: str) -> int:
    """3: a case's number; 2: a case; 1: a number; 0: no word says so."""
    if has(name, "no_case"):
        return 0
    if has(name, "case"):
        return 3 if has(name, "number") else 2
    return 1 if {*tokens(name)} & (SETS["number"] - {"name"}) else 0


def place(name: str, role: str) -> int | None:
    """Of the first word of this role that the name has; None if it has none, or one that speaks against it."""
    against = {"activity": "no_activity", "state": "no_activity"}.get(role, "plans")
    if has(name, against):
        return None
    said = tokens(name)
    return next((number for number, word in enumerate(NAMES[role]) if word in said), None)
