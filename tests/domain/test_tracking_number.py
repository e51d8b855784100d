import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.tracking_number import (
    ALPHABET,
    Mistake,
    NumberMistyped,
    check_symbol,
    grouped,
    parse_tracking_number,
    tracking_number,
)

VECTOR = "01K2M9XD4TB5"
DRAWN = random.Random(20261116)
NUMBERS = [VECTOR, *(tracking_number("01", DRAWN.getrandbits(45)) for _ in range(5))]

serials = st.integers(min_value=0, max_value=2**45 - 1)


def mistake_in(typed: str) -> Mistake:
    with pytest.raises(NumberMistyped) as refused:
        parse_tracking_number(typed)
    assert typed not in str(refused.value)
    return refused.value.mistake


def test_the_check_symbol_of_the_vector() -> None:
    assert check_symbol("01K2M9XD4TB") == "5"
    assert parse_tracking_number(VECTOR) == VECTOR


def test_the_alphabet_is_crockfords() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_single_wrong_symbol_shows(number: str) -> None:
    for place, right in enumerate(number):
        for wrong in set(ALPHABET) - {right}:
            assert mistake_in(number[:place] + wrong + number[place + 1 :]) is Mistake.CHECK_FAILS


@pytest.mark.parametrize("number", NUMBERS)
def test_every_swap_of_two_unequal_symbols_shows(number: str) -> None:
    for here, there in combinations(range(len(number)), 2):
        swapped = list(number)
        swapped[here], swapped[there] = swapped[there], swapped[here]
        if number[here] != number[there]:
            assert mistake_in("".join(swapped)) is Mistake.CHECK_FAILS


@given(serials)
def test_a_number_holds_its_instance_and_its_serial(serial: int) -> None:
    number = tracking_number("Z7", serial)
    assert number[:2] == "Z7"
    value = 0
    for symbol in number[2:11]:
        value = value * 32 + ALPHABET.index(symbol)
    assert value == serial


@given(serials)
def test_what_is_printed_can_be_typed_back(serial: int) -> None:
    number = tracking_number("01", serial)
    assert parse_tracking_number(grouped(number)) == number
    assert parse_tracking_number(grouped(number).lower().replace("-", " ")) == number
    assert parse_tracking_number(number.replace("1", "i").replace("0", "o")) == number
    assert parse_tracking_number(number.replace("1", "L").replace("0", "O")) == number


def test_serials_fill_their_45_bits() -> None:
    assert tracking_number("00", 0) == "000000000000"
    assert tracking_number("00", 2**45 - 1).startswith("00ZZZZZZZZZ")


def test_a_number_is_printed_in_fours() -> None:
    assert grouped(VECTOR) == "01K2-M9XD-4TB5"


@pytest.mark.parametrize(
    ("typed", "mistake"),
    [
        ("01K2M9XD4TB", Mistake.WRONG_LENGTH),
        ("01K2M9XD4TB55", Mistake.WRONG_LENGTH),
        ("01K2U9XD4TB5", Mistake.UNUSED_SYMBOL),
        ("01k2u9xd4tb5", Mistake.UNUSED_SYMBOL),
        ("01K2*9XD4TB5", Mistake.UNUSED_SYMBOL),
        ("01K2M9XD4TB6", Mistake.CHECK_FAILS),
    ],
)
def test_a_mistyped_number_is_told_what_is_wrong_and_never_repeated(typed: str, mistake: Mistake) -> None:
    assert mistake_in(typed) is mistake


def test_every_mistake_reads_differently() -> None:
    assert len({str(NumberMistyped(mistake)) for mistake in Mistake}) == len(Mistake)


def test_nothing_typed_is_a_number_of_the_wrong_length() -> None:
    with pytest.raises(NumberMistyped, match="has 12 symbols"):
        parse_tracking_number(" - ")


@pytest.mark.parametrize(
    ("instance", "serial"), [("0", 1), ("012", 1), ("0U", 1), ("0a", 1), ("01", -1), ("01", 2**45)]
)
def test_a_number_is_made_of_an_instance_and_45_bits_only(instance: str, serial: int) -> None:
    with pytest.raises(ValueError, match=r"instance|serial"):
        tracking_number(instance, serial)
