from dataclasses import dataclass

import pytest


@dataclass
class B:
    bootstrap: str = "127.0.0.1:29092"
    scram: str = "127.0.0.1:29094"
    admin_user: str = "admin"
    admin_password: str = "admin-secret"


@pytest.fixture(scope="session")
def kafka():
    return B()
