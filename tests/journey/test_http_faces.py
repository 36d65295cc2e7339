"""Faces over HTTP, on real photographs."""

import base64
import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from biometric_service.settings import Settings
from tests.live_service import OPERATIONS, LiveService, live_service

pytestmark = [pytest.mark.models, pytest.mark.shared_data]

FACE = {"modality": "face", "file": "face"}


@pytest.fixture(scope="module")
def people(shared_data: Path) -> list[list[Path]]:
    """Photographs of four people, two of each."""
    folders = sorted(path for path in (shared_data / "faces" / "lfw_half").iterdir() if path.is_dir())
    several = (sorted(folder.iterdir()) for folder in folders)
    return [photographs[:2] for photographs in several if len(photographs) >= 2][:4]


@pytest.fixture(scope="module")
def live(people: list[list[Path]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with live_service(Settings(data_dir=tmp_path_factory.mktemp("data"), fingerprint_model="")) as live:
        live.gallery("inmates")
        client = live.client(live.key())
        for first, _ in people[:-1]:
            kept = ask(client, "enrolments", first.read_bytes(), subject=first.parent.name, galleries=["inmates"])
            assert kept.status_code == 201, kept.text
        yield live


@pytest.fixture
def client(live: LiveService) -> httpx.Client:
    return live.client(live.key())


def ask(client: httpx.Client, operation: str, image: bytes, **more: object) -> httpx.Response:
    request = json.dumps({"purpose": "test", "images": [FACE], **more})
    return client.post(f"{OPERATIONS}/{operation}", data={"request": request}, files={"face": image})


def test_a_face_is_found_and_the_two_are_shown_side_by_side(client: httpx.Client, people: list[list[Path]]) -> None:
    _, second = people[0]
    answer = ask(client, "identifications", second.read_bytes(), gallery="inmates", explain=True).json()
    assert answer["decision"]["candidates"][0]["subject"] == second.parent.name
    (compared,) = answer["explanation"]
    drawn = Image.open(BytesIO(base64.b64decode(compared["picture"].partition(",")[2])))
    assert drawn.width > 2 * drawn.height
    assert (compared["modality"], compared["position"]) == ("face", "unknown")


def test_a_face_that_nobody_enrolled_is_unknown(client: httpx.Client, people: list[list[Path]]) -> None:
    answer = ask(client, "identifications", people[-1][1].read_bytes(), gallery="inmates").json()
    assert answer["decision"]["outcome"] == "unknown"


def test_a_picture_without_a_face_asks_for_another(client: httpx.Client) -> None:
    written = BytesIO()
    Image.new("RGB", (320, 320), (90, 120, 90)).save(written, "PNG")
    answer = ask(client, "identifications", written.getvalue(), gallery="inmates").json()
    assert answer["decision"]["outcome"] == "recapture"
    assert answer["samples"][0]["failure"]["defect"] == "no_face"


def test_a_fingerprint_cannot_be_worked_with_here(client: httpx.Client) -> None:
    written = BytesIO()
    Image.new("L", (300, 400), 255).save(written, "PNG")
    finger = {"modality": "fingerprint", "data": base64.b64encode(written.getvalue()).decode()}
    body = {"purpose": "test", "gallery": "inmates", "images": [finger]}
    answer = client.post(f"{OPERATIONS}/identifications", json=body)
    assert client.get("/readyz").json()["mode"] == "face-only"
    assert (answer.status_code, answer.json()["code"]) == (400, "modality_unavailable")
