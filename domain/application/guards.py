"""Guards: checks that several decisions share. Each raises a `Refusal` if its condition does not hold."""

from domain import refusals
from domain.application.evolve import Application
from domain.application.status import Status
from domain.codes import StagePhase
from domain.registry.editions import StandardPublished

UNDECIDED = (Status.SUBMITTED, Status.RECEIVED, Status.RETURNED, Status.PROCESSING, Status.SUSPENDED)
IN_WORK = (Status.RECEIVED, Status.PROCESSING)
GRANTED = (Status.APPROVED, Status.DEEMED_APPROVED)
IN_PRODUCTION = (*GRANTED, Status.ISSUED)


def only_in(application: Application, *possible: Status) -> None:
    if application.status in possible:
        return
    if application.ended:
        raise refusals.ApplicationEnded
    raise refusals.StatusForbids(str(application.status), tuple(possible))


def asked_for(requirements: tuple[str, ...], standard: StandardPublished) -> None:
    known = {requirement.code for requirement in standard.requirements}
    if not known.issuperset(requirements):
        raise refusals.RequirementUnknown


def asked_once(missing: tuple[str, ...], application: Application) -> None:
    """Refuse to report a document as missing if a linked application supplies it.

    A defect of the document can be reported.
    """
    if application.supplied.intersection(missing):
        raise refusals.AskedInLinkedApplication


def stages_done(phase: StagePhase, application: Application, standard: StandardPublished) -> None:
    if not standard.free_order and not application.completed.issuperset(standard.required(phase)):
        raise refusals.StagesOpen
