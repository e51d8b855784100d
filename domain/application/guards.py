"""A guard is a check that several decisions share. Each guard raises a `Refusal` if its condition does not hold."""

from domain import refusals
from domain.application import commands
from domain.application.evolve import Application
from domain.application.status import Status
from domain.codes import StagePhase
from domain.provenance import Act
from domain.registry.editions import StandardPublished
from domain.registry.registry import Registry

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


def not_taken_back(command: commands.Command, application: Application) -> None:
    """Refuse every command if the import of the application was taken back. Only the PIN can still be reset."""
    if application.status is Status.IMPORT_UNDONE and not isinstance(command, commands.ResetPin):
        raise refusals.ApplicationEnded


def at_counter(mall: str | None, counter: str | None, act: Act, registry: Registry) -> None:
    """Check that the mall is registered, and that the acting office has the counter in this mall.

    If `counter` is None, the office may have any counter in this mall.
    """
    if mall is None and counter is None:
        return
    if mall is None:
        raise refusals.CounterNotInMall
    registered = registry.malls.get(mall)
    if registered is None:
        raise refusals.MallUnknown
    if not registered.has_counter(act.office, counter):
        raise refusals.CounterNotInMall


def asked_for(requirements: tuple[str, ...], standard: StandardPublished) -> None:
    known = {requirement.code for requirement in standard.requirements}
    if not known.issuperset(requirements):
        raise refusals.RequirementUnknown


def asked_once(missing: tuple[str, ...], application: Application) -> None:
    """Refuse to record a document as missing if the applicant supplies this document to a linked application. The
    office can still record other defects of this document.
    """
    if application.supplied.intersection(missing):
        raise refusals.AskedInLinkedApplication


def stages_done(phase: StagePhase, application: Application, standard: StandardPublished) -> None:
    """Refuse if a required stage of the phase is not completed.

    After a reopening, `to_redo` contains the stages that the office must repeat. Also refuse if one of these stages
    belongs to the phase.
    """
    _completed(standard.required(phase) | application.to_redo, phase, application, standard)


def done_as_before(application: Application, standard: StandardPublished) -> None:
    """Refuse to issue the product again if a production stage that was completed for the first issue is not completed
    now.
    """
    _completed(application.issued_with, StagePhase.PRODUCTION, application, standard)


def _completed(
    needed: frozenset[str], phase: StagePhase, application: Application, standard: StandardPublished
) -> None:
    of_phase = {stage.code for stage in standard.stages if stage.phase is phase}
    if not standard.free_order and not application.completed.issuperset(needed & of_phase):
        raise refusals.StagesOpen
