"""A few real people, enrolled over OSIA: each a finger and a face."""

import base64
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

GALLERY = "residents"


def seed(url: str, key: str, data: Path, people: int) -> None:
    """Enrol ``P-1`` and on, encounter ``E-1`` each, from the folder of real fingerprints and faces."""
    fingers = sorted((data / "fingerprints" / "fvc2002_db1").glob("*_1.png"))
    faces = sorted((data / "faces" / "lfw_half").glob("*/*_0001.jpg"))
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False) as client:
        for number, (finger, face) in enumerate(islice(zip(fingers, faces, strict=False), people), 1):
            asked = {"transactionId": "seed"}
            sent = encounter(_item("FINGER", "RIGHT_INDEX", finger), _item("FACE", "PORTRAIT", face))
            client.post(f"/v1/persons/P-{number}/encounters/E-1", params=asked, json=sent).raise_for_status()


def encounter(*items: dict[str, Any]) -> dict[str, Any]:
    """An encounter in the gallery of residents."""
    known = {"status": "ACTIVE", "encounterType": "booking", "galleries": [GALLERY]}
    return {**known, "biometricData": list(items)}


def _item(kind: str, part: str, path: Path) -> dict[str, Any]:
    image = base64.b64encode(path.read_bytes()).decode()
    return {"biometricType": kind, "biometricSubType": part, "image": image}
