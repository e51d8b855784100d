"""A copy with changes is what `dataclasses.replace` makes."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.application.evolve import Application, fold
from domain.copies import with_changes
from tests.domain import arbitrary

NAMES = [field.name for field in fields(Application)]


@given(arbitrary.histories, st.dictionaries(st.sampled_from(NAMES), st.integers()))
def test_a_copy_has_the_changes_and_all_other_values(history: list, changes: dict) -> None:  # type: ignore[type-arg]
    application = fold(history)
    before = replace(application)
    assert with_changes(application, changes) == replace(application, **changes)
    assert application == before


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(KeyError):
        with_changes(Application(), {"colour": 1})
