"""Applications that one life event needs (a birth: certificate, family card, child card, insurance)."""

from collections.abc import Sequence

from domain.registry.editions import StandardPublished


def supplied(standards: Sequence[StandardPublished]) -> list[tuple[str, ...]]:
    """For each application in the list, by its standard, the requirements that one before it asks for.

    So a shared requirement is asked once: by the first that lists it.
    """
    asked: set[str] = set()
    shared: list[tuple[str, ...]] = []
    for standard in standards:
        own = [requirement.code for requirement in standard.requirements]
        shared.append(tuple(code for code in own if code in asked))
        asked.update(own)
    return shared
