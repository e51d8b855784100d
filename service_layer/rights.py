"""Rights: for each operation, one table lists the roles that have a right to the operation. The table also says which
relation to the application each role needs.

If an operation or a role is not in the table, the request is refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from domain.registry.registry import Registry
from service_layer.faults import Forbidden, NotYours, Unauthenticated


class Bearer(StrEnum):
    """The kinds of clients. A PUBLIC client has no token. A CITIZEN has a read token of one application."""

    PUBLIC = "public"
    CITIZEN = "citizen"
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    AGENCY = "agency"


class Relation(StrEnum):
    """For some rights, the client must have one of these relations to the application.

    HOLDER: the client's office holds the file. CONCERNED: the application concerns an office of the client, for example
    an office that was asked for advice. OWN: the application is the citizen's own, or the feed is the agency's own.
    ANY: no relation is needed.
    """

    ANY = "any"
    HOLDER = "holder"
    CONCERNED = "concerned"
    OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The client that sends a request. `actor` is the random reference of a member of staff. If the client has a read
    token, `application_id` is the application of this token.
    """

    bearer: Bearer
    actor: UUID | None = None
    office: str = ""
    agency: str = ""
    application_id: UUID | None = None

    @property
    def client(self) -> str:
        """Returns the name of the client. An Idempotency-Key is unique among the requests of one client."""
        return f"{self.bearer}/{self.office or self.agency}/{self.actor or self.application_id or ''}"

    def offices(self, registry: Registry) -> frozenset[str]:
        if self.bearer is Bearer.AGENCY:
            return frozenset(code for code, office in registry.offices.items() if office.agency == self.agency)
        return frozenset({self.office} & registry.offices.keys())


PUBLIC = Principal(bearer=Bearer.PUBLIC)

STAFF = {Bearer.OFFICER: Relation.HOLDER, Bearer.SUPERVISOR: Relation.HOLDER}
READERS = {
    Bearer.CITIZEN: Relation.OWN,
    Bearer.OFFICER: Relation.CONCERNED,
    Bearer.SUPERVISOR: Relation.CONCERNED,
    Bearer.AGENCY: Relation.CONCERNED,
    Bearer.AUDITOR: Relation.ANY,
}
OFFICES = {**STAFF, Bearer.AGENCY: Relation.HOLDER}
"""These clients may do the work of an office: the staff of the office, and the system of its agency."""
SUPERVISORS = {Bearer.SUPERVISOR: Relation.HOLDER}
EVERYONE = dict.fromkeys(Bearer, Relation.ANY)

RIGHTS: Mapping[str, Mapping[Bearer, Relation]] = {
    "submit-application": dict.fromkeys((Bearer.OFFICER, Bearer.SUPERVISOR, Bearer.AGENCY), Relation.ANY),
    "receive": OFFICES,
    "check-documents": OFFICES,
    "return-for-correction": OFFICES,
    "supply-correction": OFFICES,
    "declare-complete": OFFICES,
    "enter-stage": OFFICES,
    "complete-stage": OFFICES,
    "refer": OFFICES,
    "answer-referral": dict.fromkeys((Bearer.OFFICER, Bearer.SUPERVISOR, Bearer.AGENCY), Relation.CONCERNED),
    "transfer": OFFICES,
    "reassign": SUPERVISORS,
    "suspend": OFFICES,
    "resume": OFFICES,
    "schedule-inspection": OFFICES,
    "record-inspection": OFFICES,
    "request-payment": OFFICES,
    "receive-payment": OFFICES,
    "expire-payment": OFFICES,
    "report-obstacle": OFFICES,
    "clear-obstacle": OFFICES,
    "extend-deadline": SUPERVISORS,
    "approve": OFFICES,
    "reject": OFFICES,
    "issue": OFFICES,
    "make-ready": OFFICES,
    "hand-over": OFFICES,
    "withdraw": OFFICES,
    "lapse": SUPERVISORS,
    "cancel": SUPERVISORS,
    "revoke": SUPERVISORS,
    "dispute": {Bearer.CITIZEN: Relation.OWN, **STAFF},
    "dismiss-dispute": SUPERVISORS,
    "reopen": SUPERVISORS,
    "refer-complaint": OFFICES,
    "link-applications": STAFF,
    "amend-record": SUPERVISORS,
    "reset-pin": STAFF,
    "open-dossier": STAFF,
    "get-application": READERS,
    "get-timeline": READERS,
    "get-accesses": {Bearer.CITIZEN: Relation.OWN, Bearer.SUPERVISOR: Relation.HOLDER, Bearer.AUDITOR: Relation.ANY},
    "get-access-record": {Bearer.AUDITOR: Relation.ANY},
    "find-by-number": {
        Bearer.OFFICER: Relation.CONCERNED,
        Bearer.SUPERVISOR: Relation.CONCERNED,
        Bearer.AUDITOR: Relation.ANY,
    },
    "find-by-person": dict.fromkeys((Bearer.OFFICER, Bearer.SUPERVISOR), Relation.CONCERNED),
    "give-satisfaction": STAFF | {Bearer.CITIZEN: Relation.OWN},
    "get-satisfaction": EVERYONE,
    "get-desk": OFFICES,
    "get-feed": {Bearer.AGENCY: Relation.OWN},
    "get-exact-statistics": {Bearer.AUDITOR: Relation.ANY},
    "get-statistics": EVERYONE,
    "get-statistics-csv": EVERYONE,
    "track": EVERYONE,
    "list-services": EVERYONE,
    "get-service": EVERYONE,
    "list-offices": EVERYONE,
    "get-office": EVERYONE,
    "list-malls": EVERYONE,
    "get-mall": EVERYONE,
    "livez": EVERYONE,
    "readyz": EVERYONE,
    "openapi": EVERYONE,
    "get-problem": EVERYONE,
}


def relation_for(operation: str, principal: Principal) -> Relation:
    """Returns the relation that this client needs for the operation. Raises Unauthenticated or Forbidden."""
    granted = RIGHTS.get(operation, {}).get(principal.bearer)
    if granted is None:
        raise Unauthenticated if principal.bearer is Bearer.PUBLIC else Forbidden
    return granted


def require(
    relation: Relation,
    principal: Principal,
    registry: Registry,
    *,
    application_id: UUID,
    holder: str,
    concerned: Iterable[str],
) -> None:
    """Checks that the client has this relation to the application. Raises NotYours if the client does not have this
    relation.
    """
    match relation:
        case Relation.ANY:
            tied = True
        case Relation.OWN:
            tied = principal.application_id == application_id
        case Relation.HOLDER:
            tied = holder in principal.offices(registry)
        case Relation.CONCERNED:
            tied = not principal.offices(registry).isdisjoint((holder, *concerned))
        case _:
            assert_never(relation)
    if not tied:
        raise NotYours
