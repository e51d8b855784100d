from domain.application.commands import Receive
from domain.application.evolve import Application
from service_layer.faults import ApplicationErased, KeyReused, Unavailable
from service_layer.requests import CommandRequest, permit_anyone
from tests.builders import an_act


def test_a_command_whose_right_was_settled_before_is_anyones() -> None:
    asked = CommandRequest(command=Receive(), act=an_act(), client="counter-7", key="k-0001")
    assert asked.permit is permit_anyone
    asked.permit(Application())
    assert (asked.version_seen, asked.body, asked.personal) == (None, {}, {})


def test_what_went_wrong_says_what_to_send() -> None:
    assert "Send a new key" in str(KeyReused())
    assert "without personal data" in str(ApplicationErased())
    assert "same Idempotency-Key again" in str(Unavailable())
