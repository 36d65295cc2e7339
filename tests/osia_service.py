"""A live service with real people in it, for tests that speak OSIA to it."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from biometric_service.settings import Settings
from tests.live_service import LiveService, live_service

GALLERY = "residents"
PEOPLE = {
    "Amelie": ("fvc2002_db1/103", "Amelie_Mauresmo"),
    "Andre": ("fvc2002_db1/104", "Alexander_Downer"),
    "Atal": ("fvc2004_db1/105", "Atal_Bihari_Vajpayee"),
}
ASKING = {"transactionId": "T-1"}


class Samples:
    """Pictures of real people from the folder of shared data."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def finger(self, name: str, impression: int = 1, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        path = self._data / "fingerprints" / f"{PEOPLE[name][0]}_{impression}.png"
        return {"biometricType": "FINGER", "biometricSubType": "RIGHT_INDEX", "image": encoded(path), **more}

    def face(self, name: str, number: int = 1, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        person = PEOPLE[name][1]
        path = self._data / "faces" / "lfw_half" / person / f"{person}_{number:04d}.jpg"
        return {"biometricType": "FACE", "biometricSubType": "PORTRAIT", "image": encoded(path), **more}


def encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def encounter(*items: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401
    known = {"status": "ACTIVE", "encounterType": "booking", "galleries": [GALLERY], "biometricData": list(items)}
    return {**known, **more}


@contextmanager
def osia_service(folder: Path, samples: Samples, **changes: Any) -> Iterator[LiveService]:  # noqa: ANN401
    """The people are enrolled through the interface itself, as ``P-<name>``, encounter ``E-1``."""
    with live_service(Settings(data_dir=folder, **changes)) as live:
        with live.client(live.key()) as client:
            for name in PEOPLE:
                sent = encounter(samples.finger(name), samples.face(name), biographicData={"firstName": name})
                answer = client.post(f"/v1/persons/P-{name}/encounters/E-1", params=ASKING, json=sent)
                assert answer.status_code == httpx.codes.OK, answer.text
        yield live
