"""Deliveries: where they go, how they are signed, how long the pauses between them are."""

import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from biometric_service.api.osia.delivery import address_of, headers_of
from biometric_service.cli import app
from biometric_service.outbound.webhooks import pause, secret_of, written_secret
from biometric_service.vocabulary.tasks import TaskDelivery

KEY = bytes(range(32))


def test_the_address_keeps_its_query_and_says_what_it_is_about() -> None:
    assert address_of("https://a.example/b?c=d", "T 1&", "7") == "https://a.example/b?c=d&transactionId=T+1%26&taskId=7"
    assert address_of("https://a.example/b", "T", "7") == "https://a.example/b?transactionId=T&taskId=7"


def test_the_signature_is_that_of_standard_webhooks() -> None:
    headers = headers_of(TaskDelivery("7", b"", b'"OK"', failed=True, attempt=1), KEY, 1_700_000_000)
    digest = hmac.new(KEY, b'7.1700000000."OK"', hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("7", "1700000000")
    assert headers["Content-Type"] == "application/error+json"


def test_a_secret_is_read_as_it_is_written_and_is_the_stores_own_where_none_is_set() -> None:
    assert secret_of(written_secret(KEY), b"") == KEY
    assert secret_of("plain", b"") == b"plain"
    assert secret_of("", KEY) == KEY


@pytest.mark.parametrize("attempt", [1, 2, 5, 1000])
def test_pauses_double_up_to_an_hour_less_a_random_part(attempt: int) -> None:
    longest = min(2.0 * 2 ** min(attempt - 1, 30), 3600)
    pauses = {pause(attempt, 2.0) for _ in range(50)}
    assert len(pauses) > 1
    assert longest / 2 <= min(pauses) <= max(pauses) <= longest


def test_the_command_line_tells_receivers_the_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOMETRIC_DATA_DIR", str(tmp_path))
    told = CliRunner().invoke(app, ["callbacks", "secret"]).stdout.strip()
    assert len(secret_of(told, b"")) == 32
    assert json.loads(CliRunner().invoke(app, ["callbacks", "secret", "--json"]).stdout) == {"secret": told}
    monkeypatch.setenv("BIOMETRIC_CALLBACK_SECRET", written_secret(KEY))
    assert CliRunner().invoke(app, ["callbacks", "secret"]).stdout.strip() == written_secret(KEY)
