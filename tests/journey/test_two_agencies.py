"""Two services with different operators, each a process of its own, exchange a person over agreements."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from benchmarks.free_port import free_port
from benchmarks.throughput.random_encounters import GALLERY, audit_event
from biometric_service.app.service import settings_store
from biometric_service.references.opening import OpenedStore
from biometric_service.settings import Settings
from biometric_service.vocabulary.access import ANY_PURPOSE, ApiKey, Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, SubjectId
from biometric_service.vocabulary.sharing import Channel, Partner, day_of
from tests.live_service import OPERATIONS
from tests.sharing import PURPOSE, agreed, at_no_turn_of_the_day, pem, person, private_pem, sharing_of, terms

ANA = SubjectId("ANA")
ASKING = {"purpose": PURPOSE}
PATIENCE_S = 180.0
KEY = generate_private_key(65537, 2048)


@dataclass(frozen=True)
class Agency:
    """``key``: secret of its own officer; ``visitor``: of the other agency, and ``visitor_id`` its id."""

    name: str
    folder: Path
    port: int
    key: str
    visitor: str
    visitor_id: str
    signing_key: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"{self.url}{OPERATIONS}/received-disclosures?purpose={PURPOSE}"

    @property
    def manifests(self) -> str:
        return f"{self.url}{OPERATIONS}/manifests/{{day}}?purpose={PURPOSE}&direction=received"

    def partner(self, at_home_of: "Agency") -> Partner:
        """As the other one knows it."""
        return Partner(
            self.name,
            self.name,
            at_home_of.visitor_id,
            pem(KEY),
            self.signing_key,
            Channel.WEBHOOK,
            self.address,
            self.manifests,
        )

    def client(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.url + OPERATIONS, headers={"Authorization": f"Bearer {self.key}"}, timeout=60, trust_env=False
        )


def new_agency(folder: Path, name: str, people: tuple[str, ...]) -> Agency:
    with settings_store(Settings(data_dir=folder)) as opened:
        opened.store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
        for seed, subject in enumerate(people):
            opened.store.enrol(person(seed, subject), audit_event(subject=subject))
        officer, visitor = new_key(opened, frozenset(Scope)), new_key(opened, frozenset({Scope.SHARING}))
        signing = opened.disclosures.signer.public_key.hex()
    (folder / "credentials").mkdir()
    (folder / "own.pem").write_bytes(private_pem(KEY))
    return Agency(name, folder, free_port(), officer, visitor, visitor.split(".")[0], signing)


def new_key(opened: OpenedStore, scopes: frozenset[Scope]) -> str:
    key = ApiKey(uuid4().hex[:12], "test", scopes, frozenset({ALL_GALLERIES}), frozenset({ANY_PURPOSE}), None)
    return opened.api_keys.create(key, audit_event(EventKind.API_KEY_CREATED))


@contextmanager
def running(agency: Agency, other: Agency) -> Iterator[None]:
    """A process of its own, which may ask the other one alone."""
    (agency.folder / "credentials" / f"{other.name}.token").write_text(other.visitor, "utf-8")
    chosen = {
        "DATA_DIR": str(agency.folder),
        "AGENCY": agency.name,
        "PORT": str(agency.port),
        "TLS": "false",
        "FINGERPRINT_MODEL": "",
        "FACE_MODEL": "",
        "SHARING_KEY_FILE": str(agency.folder / "own.pem"),
        "SHARING_CREDENTIALS_DIR": str(agency.folder / "credentials"),
        "SHARING_SECONDS": "0.1",
        "OUTBOUND_ORIGINS": f'["{other.url}"]',
        "OUTBOUND_NETWORKS": '["127.0.0.0/8"]',
    }
    environment = {**os.environ, **{f"BIOMETRIC_{name}": value for name, value in chosen.items()}}
    process = subprocess.Popen([sys.executable, "-m", "biometric_service", "serve"], env=environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def answers(url: str) -> bool:
    return httpx.get(f"{url}/healthz", trust_env=False).is_success


def until(holds: Callable[[], Any]) -> Any:  # noqa: ANN401
    """What a check gives once it gives something."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if found := holds():
                return found
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("it never came to that")


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Agency, Agency]]:
    prison, police = (
        new_agency(tmp_path / name, name, people) for name, people in (("prison", (ANA,)), ("police", ()))
    )
    with settings_store(Settings(data_dir=prison.folder)) as opened:
        agreed(sharing_of(opened, police.url), terms(police.partner(prison)))
    with settings_store(Settings(data_dir=police.folder)) as opened:
        agreed(sharing_of(opened, prison.url), terms(prison.partner(police), receives=True, fields=()), "prison")
    with ExitStack() as stack:
        stack.enter_context(running(prison, police))
        stack.enter_context(running(police, prison))
        for each in (prison, police):
            until(partial(answers, each.url))
        yield prison, police


@pytest.mark.slow
def test_a_person_goes_over_is_proved_to_have_come_and_is_recalled(two: tuple[Agency, Agency]) -> None:
    prison, police = two
    at_no_turn_of_the_day()
    with prison.client() as ours, police.client() as theirs:
        first, second = (disclosed(ours) for _ in range(2))
        until(lambda: state(ours, first) == state(ours, second) == "acknowledged")
        content = received(theirs, first)["content"]
        assert "Arana" in content
        assert "Ines" not in content
        day = day_of(datetime.now(UTC))
        assert reconciled(ours, day)["proven"]

        lose(police, second)
        found = reconciled(ours, day)
        assert (found["proven"], found["sent"], found["received"], found["missing"]) == (False, 2, 1, [second])
        again = ours.post(f"/disclosures/{second}/redelivery", json=ASKING)
        assert again.status_code == 200, again.text
        until(lambda: state(ours, second) == "acknowledged")
        assert reconciled(ours, day)["proven"]

        assert ours.post("/agreements/police:1/withdrawal", json=ASKING).status_code == 200
        refused = ours.post("/disclosures", json={**ASKING, "agreement": "police:1", "subject": ANA})
        assert (refused.status_code, refused.json()["code"]) == (403, "sharing_refused")
        until(lambda: received(theirs, first)["recalled_at"] and received(theirs, second)["recalled_at"])
        assert received(theirs, first)["content"] is None
        until(lambda: {each["state"] for each in shared_of_ana(ours)} == {"acknowledged"})
        assert sorted(each["kind"] for each in shared_of_ana(ours)) == ["recall", "recall", "record", "record"]


def disclosed(client: httpx.Client) -> str:
    answer = client.post("/disclosures", json={**ASKING, "agreement": "police:1", "subject": ANA})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["disclosure"])


def shared_of_ana(client: httpx.Client) -> list[dict[str, Any]]:
    return list(client.get(f"/subjects/{ANA}/disclosures", params=ASKING).json()["disclosures"])


def state(client: httpx.Client, disclosure: str) -> str:
    (found,) = [each for each in shared_of_ana(client) if each["disclosure"] == disclosure]
    return str(found["state"])


def received(client: httpx.Client, disclosure: str) -> dict[str, Any]:
    return dict(client.get(f"/received-disclosures/prison/{disclosure}", params=ASKING).json())


def reconciled(client: httpx.Client, day: str) -> dict[str, Any]:
    answer = client.post("/reconciliations", json={**ASKING, "agency": "police", "day": day})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def lose(agency: Agency, disclosure: str) -> None:
    """Somebody restores an old disk: what came is gone, though it was signed for."""
    with sqlite3.connect(agency.folder / "biometric.db", timeout=30) as raw:
        raw.execute("PRAGMA trusted_schema = ON")
        assert raw.execute("DELETE FROM received_disclosures WHERE id = ?", (disclosure,)).rowcount == 1
    raw.close()
