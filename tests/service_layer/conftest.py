"""The handlers are tested over a real event store."""

from tests.infra.eventstore.conftest import made

__all__ = ["made"]
