"""Column roles: this module guesses the role of a column from the words in the name of the column (names.toml).

A person must check the draft before use.
"""

import re
import tomllib
from functools import cache
from pathlib import Path

NAMES: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))
SETS = {role: frozenset(words) for role, words in NAMES.items()}
AGAINST = {"activity": ("no_activity",), "state": ("no_activity",), "changed": ()}
"""A name with a word of these roles does not have the first role. Every other role of a time excludes plans."""


@cache
def tokens(name: str) -> tuple[str, ...]:
    """Returns the words of a name in lower case.

    A word for a date may be joined to another word. Then the two words are split: "tanggalmasuk" becomes "tanggal" and
    "masuk".
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
    """Returns the rank of a column as a case id: the higher the rank, the more likely the column is a case id. A name
    with words for a case and for a number has rank 3. A name with only a word for a case has rank 2. A name with only a
    word for a number has rank 1. Any other name has rank 0.
    """
    if has(name, "no_case") or has(name, "free_text"):
        return 0
    if has(name, "case"):
        return 3 if has(name, "number") else 2
    if has(name, "no_case_alone"):
        return 0
    return 1 if {*tokens(name)} & (SETS["number"] - {"name"}) else 0


def place(name: str, role: str) -> int | None:
    """Compares the name with the list of words of the role. Returns a list index: the index of the first listed word
    that occurs in the name. Returns None if the name contains no word of the list, or contains a word that excludes the
    role.
    """
    if any(has(name, against) for against in AGAINST.get(role, ("plans",))):
        return None
    words = tokens(name)
    return next((number for number, word in enumerate(NAMES[role]) if word in words), None)


def is_birth(name: str) -> bool:
    """Returns whether a time column of this name dates the life of a person. "tanggal terbit akta lahir" is a step."""
    return has(name, "birth") and not any(has(name, step) for step in ("submitted", "concluded", "issued"))


def is_personal(name: str) -> bool:
    """Returns whether a column of this name tells about a person. The name of an activity or of an office does not."""
    about = ("activity", "state", "office", "channel", "case", "service")
    return has(name, "person") or (has(name, "named") and not any(has(name, subject) for subject in about))


def applicant_field(name: str) -> str | None:
    """Returns the key of `[applicant]` for a column of this name. A column about an officer has none."""
    words = {*tokens(name)}
    if words & SETS["officer"] or has(name, "state") or has(name, "case"):
        return None
    if has(name, "birth"):
        return "birth_date" if has(name, "time") or words <= SETS["birth"] else None
    found = (field for field in ("nik", "phone", "email", "address") if has(name, field))
    named = has(name, "named") and words <= SETS["named"] | SETS["applicant"] | {"lengkap", "full"}
    return next(found, "name" if named else None)


def is_row_number(name: str) -> bool:
    """Returns whether a column of this name may number the rows. "_id" is the row number of a CKAN portal."""
    words = {*tokens(name)}
    return name.startswith("_") or not words or (words <= SETS["row_number"] | {"column"} | _digits(words))


def _digits(words: set[str]) -> set[str]:
    return {word for word in words if word.isdigit()}
