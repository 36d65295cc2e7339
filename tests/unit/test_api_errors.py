import json
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from biometric_service.api.envelope import Envelope, Limits
from biometric_service.api.errors import STATUS, install, problem_response
from biometric_service.api.telemetry.telemetry import Telemetry
from biometric_service.errors import BiometricServiceError, ErrorCode


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_every_code_has_a_status() -> None:
    assert STATUS.keys() == set(ErrorCode)
    assert all(400 <= status < 600 for status in STATUS.values())


@pytest.mark.parametrize("code", ErrorCode)
def test_a_problem_says_what_and_what_to_do(code: ErrorCode) -> None:
    answer = problem_response(BiometricServiceError(code, "Something is wrong.", "Do something."))
    problem = json.loads(bytes(answer.body))
    assert answer.status_code == STATUS[code] == problem["status"]
    assert problem["type"] == f"urn:biometric-service:error:{code}"
    assert (problem["detail"], problem["action"]) == ("Something is wrong.", "Do something.")
    assert ("retry-after" in answer.headers) == (STATUS[code] in {429, 503})


def failing(fault: Exception) -> FastAPI:
    api = FastAPI()

    @api.get("/")
    async def fail() -> None:
        raise fault

    api.add_middleware(Envelope, limits=Limits(100, 10), telemetry=Telemetry())
    install(api)
    return api


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(failing(RuntimeError("password 1234 in /srv/secret")))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.mark.anyio
async def test_an_unforeseen_fault_keeps_its_trace_to_the_log(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await client.get("/")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "1234" not in answer.text
    assert "Traceback" not in answer.text
    assert "password 1234" in caplog.text
