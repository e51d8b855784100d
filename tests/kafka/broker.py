from tests.kafka.conftest import B as Broker  # noqa
