"""Links connect the applications of one life event.

For example, a birth needs a certificate, a family card, a child card and an insurance.
"""

from collections.abc import Sequence

from domain.registry.editions import StandardPublished


def supplied(standards: Sequence[StandardPublished]) -> list[tuple[str, ...]]:
    """For each standard in the list, return the requirements that an earlier standard in the list also has.

    So the applicant is asked only once for a shared requirement: in the first application that needs the requirement.
    """
    asked: set[str] = set()
    shared: list[tuple[str, ...]] = []
    for standard in standards:
        own = [requirement.code for requirement in standard.requirements]
        shared.append(tuple(code for code in own if code in asked))
        asked.update(own)
    return shared
