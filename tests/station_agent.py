"""The station's agent for tests: it really listens, on a port of this machine."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from biometric_service.capture.session.judging import Judge
from biometric_service.capture.station.agent import StationAgent, StationParts, none_found
from biometric_service.capture.station.gate import Gate
from biometric_service.capture.station.pairing import Pairing
from biometric_service.extraction.fingerprint.area import locate_ridges
from biometric_service.quality.fingerprint import FingerprintQualityAssessor
from biometric_service.recognition.judging import QualityJudge
from biometric_service.vocabulary.samples import Modality
from device_drivers.listening import listening
from device_drivers.signing.signer import open_signer

OURS = "https://enrol.example:8443"
FINGER = Modality.FINGERPRINT


def judge(_: Modality) -> Judge:
    return QualityJudge({FINGER: locate_ridges}, {FINGER: FingerprintQualityAssessor()})


@dataclass(frozen=True)
class Running:
    """An agent that listens."""

    url: str
    pairing: Pairing
    pages: StationAgent

    def ask(self, method: str, path: str, origin: str | None = OURS, **more: Any) -> httpx.Response:  # noqa: ANN401
        headers = {**({"Origin": origin} if origin is not None else {}), **more.pop("headers", {})}
        return httpx.request(method, self.url + path, headers=headers, trust_env=False, timeout=30, **more)

    def paired(self) -> dict[str, str]:
        code = self.pairing.offer()
        token = self.ask("POST", "/v1/pairings", json={"code": code}).json()["token"]
        return {"Authorization": f"Bearer {token}", "Origin": OURS}

    def devices(self, page: dict[str, str]) -> list[dict[str, Any]]:
        return list(self.ask("GET", "/v1/devices", headers=page).json()["devices"])

    def capture(self, page: dict[str, str], device: str, **more: object) -> list[dict[str, Any]]:
        """What is told until the end, blank lines left out."""
        asked = {"device": device, "modality": "fingerprint", "seconds": 25, **more}
        answer = self.ask("POST", "/v1/captures", headers=page, json=asked)
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines() if line]


@contextmanager
def running(
    folder: Path, *urls: str, key: tuple[str, Path] | None = None, origin: str = OURS, port: int = 0
) -> Iterator[Running]:
    pairing = Pairing(folder / "state" / "pairing")
    parts = StationParts(urls, pairing, judge, open_signer(*key) if key else None, none_found)
    agent = StationAgent(parts, Gate(frozenset({origin}), port))
    started, ended = threading.Event(), asyncio.Event()
    found: list[int] = []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with listening("127.0.0.1", port, agent.answer) as listened:
            agent.gate = Gate(frozenset({origin}), listened)
            found.append(listened)
            started.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert started.wait(60)
    try:
        yield Running(f"http://127.0.0.1:{found[0]}", pairing, agent)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
