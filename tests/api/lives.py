"""Applications brought, over HTTP, to where a command can be done: one way for each command."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.api.installation import HEALTH, IMMIGRATION, INFORMATION, LICENSING
from tests.running import Jejak, Reply

Step = tuple[str, dict[str, Any]]

SERVICE_OF = {LICENSING: "nib", IMMIGRATION: "paspor", INFORMATION: "informasi-publik", HEALTH: "sip"}
STAGE = {"stage": "business-data-entry"}
DEFECTS = {"documents": [{"requirement": "identity-card", "defect": "illegible"}], "note": "Terlalu gelap."}
REJECTED = {"reason": "not_eligible", "remedy": "objection", "note": "Tidak memenuhi syarat."}

RECEIVED: tuple[Step, ...] = (("receive", {}),)
RETURNED = (*RECEIVED, ("return-for-correction", DEFECTS))
PROCESSING = (*RECEIVED, ("check-documents", {"complete": True, "declare_complete": True}))
ENTERED = (*PROCESSING, ("enter-stage", STAGE))
REVIEWED = (*ENTERED, ("complete-stage", STAGE))
APPROVED = (*REVIEWED, ("approve", {}))
ISSUED = (*APPROVED, ("issue", {"document_number": "NIB 9120"}))
READY = (*ISSUED, ("make-ready", {}))
PAYMENT = {"amount_idr": 50_000, "payment_number": "SKRD 77/2026"}
OBSTACLE = {"code": "H-JARINGAN", "note": "Kabel putus."}
DISPUTE = {"reason": "not_received", "note": "Belum saya terima."}


@dataclass(frozen=True, slots=True)
class Way:
    """What comes before the command, the body that does it, where, and by whom."""

    before: tuple[Step, ...] = ()
    body: dict[str, Any] = field(default_factory=dict)
    office: str = LICENSING
    acting: str = ""


WAYS = {
    "receive": Way(),
    "check-documents": Way(RECEIVED, {"complete": False, "missing": ["identity-card"]}),
    "return-for-correction": Way(RECEIVED, DEFECTS),
    "supply-correction": Way(RETURNED),
    "declare-complete": Way((*RECEIVED, ("check-documents", {"complete": True}))),
    "enter-stage": Way(PROCESSING, STAGE),
    "complete-stage": Way(ENTERED, STAGE),
    "refer": Way(RECEIVED, {"to": HEALTH, "note": "Mohon saran."}),
    "answer-referral": Way(
        (*RECEIVED, ("refer", {"to": HEALTH})), {"referral": 1, "advice": "favourable", "note": "Baik."}, acting=HEALTH
    ),
    "transfer": Way((), {"to": LICENSING}, HEALTH),
    "reassign": Way((), {"officer": str(uuid4())}),
    "suspend": Way(RECEIVED, {"ground": "trafficking-check", "note": "Menunggu."}, IMMIGRATION),
    "resume": Way((*RECEIVED, ("suspend", {"ground": "trafficking-check"})), office=IMMIGRATION),
    "approve": Way(REVIEWED),
    "reject": Way(RECEIVED, REJECTED),
    "issue": Way(APPROVED, {"document_number": "NIB 9120"}),
    "make-ready": Way(ISSUED),
    "hand-over": Way((*ISSUED, ("make-ready", {})), {"receiver": "proxy"}),
    "withdraw": Way(),
    "lapse": Way(RETURNED),
    "cancel": Way((), {"reason": "duplicate", "note": "Dobel."}),
    "amend-record": Way(ENTERED, {"amends": 5, "amendment": "entered_in_error", "note": "Salah catat."}),
    "schedule-inspection": Way(RECEIVED, {"on": "2199-12-31"}),
    "record-inspection": Way((*RECEIVED, ("schedule-inspection", {"on": "2199-12-31"})), {"inspection": 1}),
    "request-payment": Way(RECEIVED, PAYMENT),
    "receive-payment": Way(
        (*RECEIVED, ("request-payment", PAYMENT)), {"payment": 1, "amount_idr": 50_000, "receipt_number": "NTB 8812"}
    ),
    "expire-payment": Way((*RECEIVED, ("request-payment", PAYMENT)), {"payment": 1}),
    "report-obstacle": Way((), OBSTACLE),
    "clear-obstacle": Way((("report-obstacle", OBSTACLE),), {"obstacle": 1}),
    "extend-deadline": Way(PROCESSING, {"extension": "further-search"}, INFORMATION),
    "revoke": Way(ISSUED, {"ground": "granted_in_error", "note": "Salah terbit."}),
    "dispute": Way(READY, DISPUTE),
    "dismiss-dispute": Way((*READY, ("dispute", DISPUTE)), {"reason": "receipt_proves_it"}),
    "reopen": Way((*READY, ("dispute", DISPUTE))),
    "refer-complaint": Way((), {"kind": "complaint", "complaint_number": "LAPOR 5512345"}),
    "reset-pin": Way(),
}


@dataclass(frozen=True, slots=True)
class Arrived:
    """An application where `command` can be done: `acting` is the office that may."""

    id: str
    version: int
    office: str
    acting: str
    body: dict[str, Any]
    paper: dict[str, Any]


def arrive(running: Jejak, command: str) -> Arrived:
    way = WAYS[command]
    paper = running.submit(
        running.officer(way.office), service=SERVICE_OF[way.office], applicant={"name": "Siti Contoh"}
    )
    version = walk(running, paper["application_id"], way.office, way.before)
    return Arrived(paper["application_id"], version, way.office, way.acting or way.office, way.body, paper)


def walk(running: Jejak, application: str, office: str, steps: tuple[Step, ...], version: int = 1) -> int:
    """The steps one after another, by the office's supervisor; returns the version that they lead to."""
    for name, body in steps:
        reply = running.ask(running.supervisor(office), application, name, version, body, Prefer="")
        assert reply.status == 200, (name, reply.body)
        version = reply.json()["version"]
    return version


def do(running: Jejak, arrived: Arrived, command: str, token: str | None, **headers: str) -> Reply:
    """The command itself, by who bears `token`."""
    sent = {"Idempotency-Key": str(uuid4()), "If-Match": f'"{arrived.version}"', "Prefer": "wait=5", **headers}
    path = f"/v1/applications/{arrived.id}/{command}"
    return running.request("POST", path, arrived.body, token=token, headers=sent)


def done(running: Jejak, arrived: Arrived, command: str, **headers: str) -> Reply:
    """The command, by a supervisor of the office that may."""
    reply = do(running, arrived, command, running.supervisor(arrived.acting), **headers)
    assert reply.status == 200, reply.body
    return reply
