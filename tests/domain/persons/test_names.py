import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.persons.names import BIDI_CONTROLS, TextFault, TextInvalid, check


def fault_in(text: str, *, lines: bool = False) -> TextFault:
    with pytest.raises(TextInvalid) as refused:
        check(text, lines=lines)
    assert not text.strip() or text not in str(refused.value)
    return refused.value.fault


@pytest.mark.parametrize(
    "name", ["Siti Contoh", "S", "I Gusti Ngurah Rai, S.H.", "O\u2019Neil", "王小明", "Ψ", "मीरा\u200dदेवी", "3"]
)
def test_a_name_of_any_script_is_accepted(name: str) -> None:
    check(name)


@pytest.mark.parametrize(
    "name", ["", " ", "\u00a0\u2003", "\u200b", "\u200d\ufeff", "\u0301", "\u3164", "\u115f\u1160", "\uffa0", "\u2800"]
)
def test_a_name_without_a_visible_character_is_refused(name: str) -> None:
    assert fault_in(name) is TextFault.NOTHING_VISIBLE


@given(st.characters(categories=["Cc", "Zl", "Zp"]))
def test_a_name_with_a_control_character_is_refused(control: str) -> None:
    assert fault_in(f"Siti{control}Contoh") is TextFault.CONTROL_CHARACTER


def test_half_of_a_character_is_refused() -> None:
    assert fault_in("Siti \ud800") is TextFault.CONTROL_CHARACTER


@pytest.mark.parametrize("mark", sorted(BIDI_CONTROLS), ids=unicodedata.name)
def test_a_name_that_changes_the_direction_of_text_is_refused(mark: str) -> None:
    assert fault_in(f"Siti {mark}htnoC") is TextFault.DIRECTION_CHARACTER


def test_an_address_may_have_lines_but_no_other_control() -> None:
    check("Jl. Pemuda 1\r\nSemarang", lines=True)
    assert fault_in("Jl. Pemuda 1\tSemarang", lines=True) is TextFault.CONTROL_CHARACTER
    assert fault_in("\r\n", lines=True) is TextFault.NOTHING_VISIBLE
