import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.persons.contacts import ContactFault, ContactInvalid, email, phone

MOBILE = "+6281234567890"


def fault_of_phone(typed: str) -> ContactFault:
    with pytest.raises(ContactInvalid) as refused:
        phone(typed)
    assert len(typed) < 3 or typed not in str(refused.value)
    return refused.value.fault


def fault_of_email(typed: str) -> ContactFault:
    with pytest.raises(ContactInvalid) as refused:
        email(typed)
    assert len(typed) < 3 or typed not in str(refused.value)
    return refused.value.fault


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0812 3456 7890", MOBILE),
        ("0812-3456-7890", MOBILE),
        ("0812\u20133456\u22127890", MOBILE),
        ("+62 812 3456 7890", MOBILE),
        ("6281234567890", MOBILE),
        ("0062 812 3456 7890", MOBILE),
        ("+62 0812 3456 7890", MOBILE),
        ("(024) 354.1234", "+62243541234"),
        ("+62 (0)24 3541234", "+62243541234"),
        ("0811111111", "+62811111111"),
        ("+65 6123 4567", "+6561234567"),
        ("+1 (202) 555-0123", "+12025550123"),
    ],
)
def test_a_telephone_number_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert phone(typed) == kept
    assert phone(kept) == kept


@given(st.from_regex("8[0-9]{8,11}", fullmatch=True), st.sampled_from(["0", "62", "+62", "0062", "+620", "+62 - "]))
def test_all_habits_of_writing_a_mobile_number_give_the_same(national: str, prefix: str) -> None:
    assert phone(prefix + national) == f"+62{national}"


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", ContactFault.NOT_DIGITS),
        ("+", ContactFault.NOT_DIGITS),
        ("0812 ext 3", ContactFault.NOT_DIGITS),
        ("++62812345678", ContactFault.NOT_DIGITS),
        ("0812345678\u0669", ContactFault.NOT_DIGITS),
        ("81234567890", ContactFault.NO_COUNTRY),
        ("110", ContactFault.NO_COUNTRY),
        ("+0812345678", ContactFault.NO_COUNTRY),
        ("00812345678", ContactFault.NO_COUNTRY),
        ("0110123456", ContactFault.NO_COUNTRY),
        ("0812", ContactFault.WRONG_LENGTH),
        ("08123456789012", ContactFault.WRONG_LENGTH),
        ("024123", ContactFault.WRONG_LENGTH),
        ("0241234567890", ContactFault.WRONG_LENGTH),
        ("+1 202", ContactFault.WRONG_LENGTH),
        ("+1234567890123456", ContactFault.WRONG_LENGTH),
    ],
)
def test_a_text_that_is_no_telephone_number_is_refused(typed: str, fault: ContactFault) -> None:
    assert fault_of_phone(typed) is fault


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("siti@example.id", "siti@example.id"),
        (" Siti.Contoh+jejak@Example.CO.ID ", "Siti.Contoh+jejak@example.co.id"),
        ("小明@例子.公司", "小明@例子.公司"),
        ("a@b-c.id", "a@b-c.id"),
    ],
)
def test_an_email_address_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert email(typed) == kept
    assert email(kept) == kept


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", ContactFault.NO_ADDRESS),
        ("siti", ContactFault.NO_ADDRESS),
        ("@example.id", ContactFault.NO_ADDRESS),
        ("siti..c@example.id", ContactFault.NO_ADDRESS),
        ("siti c@example.id", ContactFault.NO_ADDRESS),
        ("siti\u202e@example.id", ContactFault.NO_ADDRESS),
        ("a@b@example.id", ContactFault.NO_ADDRESS),
        ("siti@", ContactFault.NO_DOMAIN),
        ("siti@localhost", ContactFault.NO_DOMAIN),
        ("siti@10.0.0.1", ContactFault.NO_DOMAIN),
        ("siti@-a.id", ContactFault.NO_DOMAIN),
        ("siti@a-.id", ContactFault.NO_DOMAIN),
        ("siti@a..id", ContactFault.NO_DOMAIN),
        (f"siti@{'a' * 64}.id", ContactFault.NO_DOMAIN),
        (f"{'a' * 65}@example.id", ContactFault.ADDRESS_TOO_LONG),
        (f"a@{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 12}.id", ContactFault.ADDRESS_TOO_LONG),
    ],
)
def test_a_text_that_is_no_email_address_is_refused(typed: str, fault: ContactFault) -> None:
    assert fault_of_email(typed) is fault


def test_an_address_may_be_as_long_as_the_standards_allow() -> None:
    longest = f"a@{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 8}"
    for typed in (f"{'a' * 64}@example.id", f"siti@{'b' * 63}.id", longest, "siti@1.id", "siti@b-c.id"):
        assert email(typed) == typed
    assert len(longest) == 254
    assert fault_of_email("siti@b.c.1") is ContactFault.NO_DOMAIN
    assert fault_of_email(longest + "e") is ContactFault.ADDRESS_TOO_LONG


@pytest.mark.parametrize(("digits", "fits"), [(6, False), (7, True), (15, True), (16, False)])
def test_a_telephone_number_has_seven_to_fifteen_digits(digits: int, *, fits: bool) -> None:
    typed = "+" + "6" * digits
    if fits:
        assert phone(typed) == typed
    else:
        assert fault_of_phone(typed) is ContactFault.WRONG_LENGTH
