"""Terms of a service standard: this module describes the extensions of the promise, the deemed approval, and the time
limit of a dispute.
"""

from collections.abc import Iterator

from api.pages.reader import PageReader
from api.pages.words import N_, NN_, UNITS


def terms(reading: PageReader) -> Iterator[tuple[str, str]]:
    """Yields the name of each term and a sentence about the term. Laws are cited with the same words as in the
    standard.
    """
    standard, language = reading.standard, reading.language
    if standard is None:
        return
    if standard.terms:
        for extension in standard.extensions or ():
            length = language.count(UNITS[standard.terms.unit], extension.n)
            once = language.say(N_("once, by %(length)s (%(basis)s)"), length=length, basis=extension.basis)
            yield language.say(N_("The promised time may be extended")), once
    if standard.deemed_approval:
        granted = language.say(
            N_("your application counts as granted (%(basis)s)"), basis=standard.deemed_approval.basis_text
        )
        yield language.say(N_("If nobody decides in time")), granted
    if standard.dispute_days is not None:
        within = NN_(
            "you can dispute it within %(num)s day of receiving it",
            "you can dispute it within %(num)s days of receiving it",
        )
        yield language.say(N_("If what you receive is not right")), language.count(within, standard.dispute_days)
