"""schemathesis asks every operation of the document what its schema allows, and what not."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import status_code_conformance

from tests.api.accounts import administrator
from tests.client import Databases, Server, Upstream
from tests.conftest import QUICK, UNLIMITED

EXAMPLES = 30
TOKEN = "operator"


@schemathesis.serializer("application/x-ndjson")
def _lines(context: Any, value: Any) -> bytes:
    """What the schema calls a text is sent as it is."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def asked(databases: Databases, upstream: Upstream) -> Any:
    env = {**UNLIMITED, **QUICK, "ADMIN_TOKEN": TOKEN}
    server = Server.start(databases.new("sqlite"), env, upstream)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def document(asked: Server) -> Any:
    return schemathesis.openapi.from_url(f"{asked.url}/openapi.json")


def test_every_operation_answers_as_documented(document: Any, asked: Server) -> None:
    """No 5xx, and no status that the document does not name."""
    operations = [result.ok() for result in document.get_all_operations()]
    assert len(operations) > 30
    faults = {
        operation.label: fault for operation in operations if (fault := _fault(operation, asked))
    }
    assert faults == {}


def _fault(operation: Any, server: Server) -> str:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def answers(case: Any) -> None:
        answer = case.call(headers=_headers(case, server), timeout=30)
        case.validate_response(answer, checks=[not_a_server_error, status_code_conformance])

    try:
        answers()
    except Exception as error:  # every operation is to be looked at, whatever one of them does
        return str(error)[:600]
    return ""


def _headers(case: Any, server: Server) -> dict[str, str]:
    # Signing out would sign out whoever asks for all the others.
    if case.path.endswith("/auth/logout"):
        return {}
    return {**administrator(server).headers, "X-Admin-Token": TOKEN}
