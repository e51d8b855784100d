"""The watch over the relays: what it says of them is said once, and again where it was not heard."""

from feeds.agencies.kafka.producer import Untrusted
from infra.kafka.relay import Watch

AGENCY = "pln"


def test_what_could_not_be_written_is_said_again_and_what_was_is_not() -> None:
    heard = [False, True, True]
    said: list[tuple[int, str]] = []

    def say(position: int, fault: str) -> bool:
        said.append((position, fault))
        return heard.pop(0)

    watch = Watch()
    watch.over(AGENCY, say)
    for _ in range(3):
        watch.idle(AGENCY, 7)
    watch.fault(AGENCY, Untrusted())
    watch.fault(AGENCY, Untrusted())
    assert said == [(7, ""), (7, ""), (-1, "Untrusted")]
