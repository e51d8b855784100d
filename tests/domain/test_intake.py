"""Tests of the intake's events: a place has only field names and small indexes, so it cannot be a person's number."""

import re
from typing import get_args

import pytest

from domain.intake import IntakeEvent, Place

PATTERN = get_args(Place)[1]


@pytest.mark.parametrize(
    "place", ["", "header/ce_type", "header/content-type", "/applicant/nik", "/documents/0/defect"]
)
def test_a_header_or_a_pointer_of_ours_is_a_place(place: str) -> None:
    assert re.fullmatch(PATTERN.regex, place)


@pytest.mark.parametrize(
    "place", ["/3374014101900001", "/documents/12345", "header/3374", "Siti", "/Siti", "/a b", "x"]
)
def test_what_a_sender_might_have_written_is_none(place: str) -> None:
    assert not re.fullmatch(PATTERN.regex, place)


def test_the_topics_are_the_intakes() -> None:
    topics = {event.topic for event in get_args(IntakeEvent)}
    assert topics == {"intake.answered.v1", "intake.refused.v1", "intake.malformed.v1"}
