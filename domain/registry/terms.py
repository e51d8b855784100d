"""Terms of a standard: the promised time, its extensions, and what silence means."""

from dataclasses import dataclass

from domain.codes import BasisCode, ExtensionCode, Text
from domain.registry.calendar import Unit
from domain.rules import rests_on


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseTerms:
    """A promise of `n` units from completeness.

    `roll_forward`: a deadline in calendar days or months moves from a closed day to the next open day.
    """

    unit: Unit
    n: int
    roll_forward: bool | None = None


LAW_DEFAULT = rests_on("default-promise")(PromiseTerms(unit=Unit.WORKING_DAYS, n=5))
"""The time to decide by law, if no rule names another: five working days from completeness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """An extension of the deadline, possible once: `n` units of the promise. `basis`: the law that allows it."""

    code: ExtensionCode
    n: int
    basis: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class DeemedApproval:
    """Silence grants the application (fiktif positif). Each service must opt in.

    `basis`: the code of the law that `basis_text` names.
    """

    basis: BasisCode
    basis_text: Text
