"""Column roles: guesses the role of a column from the words in its name (names.toml).

A person must check the draft before use.
"""

import re
import tomllib
from functools import cache
from pathlib import Path

NAMES: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))
SETS = {role: frozenset(words) for role, words in NAMES.items()}


@cache
def tokens(name: str) -> tuple[str, ...]:
    """The words of a name in lower case.

    A word for a date is split from a word that is joined to it ("tanggalmasuk").
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words: list[str] = []
    for word in re.findall(r"[^\W_]+", parted.lower()):
        glued = re.fullmatch(r"(.{3,}?)(date|datum|time|dt|ts)|(tanggal|tgl|datum|date|waktu)(.{3,})", word)
        words += [part for part in glued.groups() if part] if glued and word not in SETS["time"] else [word]
    return tuple(words)


def has(name: str, role: str) -> bool:
    return not SETS[role].isdisjoint(tokens(name))


def case_rank(name: str) -> int:
    """How likely the column with this name is a case id. A name with words for a case and for a number has rank 3. A
    name with only a word for a case has rank 2. A name with only a word for a number has rank 1. Any other name has
    rank 0.
    """
    if has(name, "no_case"):
        return 0
    if has(name, "case"):
        return 3 if has(name, "number") else 2
    return 1 if {*tokens(name)} & (SETS["number"] - {"name"}) else 0


def place(name: str, role: str) -> int | None:
    """Looks for the words of the role in the name. Returns the place, in the role's list, of the first word that is in
    the name. Returns None if no word of the list is in the name, or if the name contains a word that excludes the role.
    """
    against = {"activity": "no_activity", "state": "no_activity"}.get(role, "plans")
    if has(name, against):
        return None
    words = tokens(name)
    return next((number for number, word in enumerate(NAMES[role]) if word in words), None)
