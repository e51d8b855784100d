"""The applicant of an imported case: this module reads the personal data that the mapping names. The data goes only
into the sealed part of the submission.
"""

import unicodedata

from domain.persons import contacts, names, national_id
from feeds.history.empty_words import EmptyWords
from feeds.history.mapping import Applicant, Mapping
from feeds.history.source import Log, SourceCase, SourceError
from feeds.history.time_parsing import TimeReader, TimeUnclear

Person = dict[str, str]


class ApplicantReader:
    def __init__(self, file: Log, mapping: Mapping) -> None:
        self._file = file
        self._columns = mapping.applicant or Applicant()
        self._empty = EmptyWords(mapping.empty_words)
        self._clock = TimeReader(mapping, self._columns)

    def read(self, source: SourceCase) -> dict[str, Person]:
        """Returns the personal data by role. The result is empty if the case names no applicant. Raises SourceError."""
        person: Person = {}
        for name, column in self._columns.fields():
            text = self._empty.value(source.attributes.get(column, ""))
            if text:
                person[name] = self._value(source, name, column, unicodedata.normalize("NFC", text))
        return {"applicant": person} if person else {}

    def _value(self, source: SourceCase, name: str, column: str, text: str) -> str:
        try:
            match name:
                case "nik":
                    national_id.check(text, provinces=(text[:2],))
                case "phone":
                    return contacts.phone(text)
                case "email":
                    return contacts.email(text)
                case "birth_date":
                    return self._clock.local_date(text)
                case _:
                    names.check(text, lines=name == "address")
        except (ValueError, TimeUnclear) as fault:
            wrong = f"the column {column!r} has no {WORDS[name]}"
            expected = f"{WORDS[name]}, or an empty cell, or a mapping without applicant.{name}"
            raise SourceError(self._file, source.place(source.line), wrong, expected) from fault
        return text


WORDS = {
    "name": "name that can be shown",
    "nik": "NIK of 16 digits",
    "birth_date": "date that can be read",
    "phone": "telephone number",
    "email": "e-mail address",
    "address": "address that can be shown",
}
