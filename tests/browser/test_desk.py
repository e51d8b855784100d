"""What the desk's page says of each file: in words, in both languages."""

from html import unescape

import pytest

from tests.browser.desks import desks

everywhere = pytest.mark.parametrize("language", ["id", "en"])


@pytest.mark.parametrize(
    ("path", "language", "words"),
    [
        ("desk-each", "en", "Will soon count as granted"),
        ("desk-each", "id", "Sebentar lagi dianggap dikabulkan"),
        ("desk-each", "en", 'Due <time datetime="2026-03-16T15:00+07:00">Monday, 16 March 2026, 15:00 WIB</time>'),
        ("desk-each", "en", "The legal clock is paused"),
        ("desk-each", "en", "Waiting for a payment"),
        ("desk-each", "en", "1 obstacle"),
        ("desk-each", "en", "The applicant disputes the result"),
        ("desk-each", "en", "Your file"),
        ("desk-each", "en", "Officer 00000000-0000-0000-0000-000000000002"),
        ("desk-each", "en", "counts as granted, to be issued"),
        ("desk-each", "en", "01K2-M9XD-4TB5"),
        ("desk-late", "en", '<strong class="late">Overdue since</strong> <time'),
        ("desk-late", "id", "Lewat tenggat sejak"),
        ("desk-late", "en", 'href="/en/desk">All files of the office'),
        ("desk-each", "en", 'href="/en/desk?mine=true">Only my files'),
        ("desk-full", "en", 'href="/en/desk?after=next" rel="next"'),
        ("desk-none", "en", "There are no open files."),
        ("desk-none", "id", "Cari berkas dengan nomornya"),
        ("desk-file-late", "id", "Pemohon melihat keterangan yang sama."),
        ("desk-file-late", "en", "Everything that happened"),
        ("desk-file-no-such-file", "id", "Tidak ada berkas dengan nomor ini di kantor Anda."),
        ("desk-offices", "en", 'href="/en/desk?office=unknown">unknown'),
        ("desk-refused", "id", "Token ini salah atau sudah tidak berlaku"),
        ("desk-signed-out", "en", "You have signed out."),
    ],
)
def test_the_page_says(path: str, language: str, words: str) -> None:
    assert words in unescape(desks(language)[path])


@everywhere
def test_what_is_overdue_is_not_called_soon(language: str) -> None:
    for words in ("soon count as granted", "Sebentar lagi dianggap"):
        assert words not in unescape(desks(language)["desk-late"])


@everywhere
def test_no_page_holds_a_script_or_a_style_of_its_own(language: str) -> None:
    for page in desks(language).values():
        assert "<script" not in page
        assert "style=" not in page
