"""Links between applications of one life event.

For example, a birth needs a certificate, a family card, a child card and an insurance.
"""

from collections.abc import Sequence

from domain.registry.editions import StandardPublished


def supplied(standards: Sequence[StandardPublished]) -> list[tuple[str, ...]]:
    """Return, for each standard in the list, the requirements that an earlier standard in the list also has.

    So the applicant is asked once for a shared requirement, for the first application that lists the requirement.
    """
    asked: set[str] = set()
    shared: list[tuple[str, ...]] = []
    for standard in standards:
        own = [requirement.code for requirement in standard.requirements]
        shared.append(tuple(code for code in own if code in asked))
        asked.update(own)
    return shared
