"""The service as it is started: several processes on one index, a signal that drains, a matcher that comes back."""

import base64
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from benchmarks.free_port import free_port
from benchmarks.service.running import Running, descendants, running
from biometric_service.app.service import settings_store
from biometric_service.settings import Settings
from biometric_service.templates import native
from biometric_service.vocabulary.references import SubjectId
from tests.files_on_disk import files_under
from tests.live_service import OPERATIONS, asking, synthetic_fingers
from tests.waiting import eventually

PIECE, HEADER = 24, 100


@pytest.fixture
def port() -> int:
    return free_port()


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_signal_in_the_middle_of_a_request_lets_it_finish(tmp_path: Path, port: int) -> None:
    one = {"fingerprint_model": "", "face_model": "", "port": port, "processes": 1}
    with running(tmp_path / "data", tmp_path / "log", one, ready=False) as service:
        head = f"POST {OPERATIONS}/galleries HTTP/1.1\r\nHost: x\r\nX-Api-Key: {service.key}\r\n"
        body = b'{"purpose": "x", "gallery": "late"}'
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
            connection.sendall(body[:10])
            assert (
                httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=60, trust_env=False).status_code == 200
            )  # it has come there
            os.kill(service.pid, signal.SIGTERM)
            eventually(lambda: not listens(port))
            connection.sendall(body[10:])
            assert connection.recv(100).startswith(b"HTTP/1.1 201")
    assert service.ended() == 0


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("several")
    two = {"processes": 2, "face_model": "", "recognition_seconds": 120}
    with running(folder / "data", folder / "log", two) as service:
        synthetic_fingers(folder / "fingers", 1)
        assert post(service, "galleries", json={"purpose": "x", "gallery": "ours"}).status_code == 201
        kept = post(service, "enrolments", **asking([image(folder, 1)], subject="P-1", galleries=["ours"]))
        assert kept.status_code == 201, kept.text
        yield service


def image(folder: Path, impression: int) -> bytes:
    return (folder / "fingers" / f"00001_{impression}.png").read_bytes()


def post(service: Running, operation: str, **sent: object) -> httpx.Response:
    with httpx.Client(base_url=service.url, headers={"X-Api-Key": service.key}, timeout=240, trust_env=False) as one:
        return one.post(f"{OPERATIONS}/{operation}", **sent)  # type: ignore[arg-type]


def identified(service: Running) -> httpx.Response:
    folder = service.log.parent
    return post(service, "identifications", **asking([image(folder, 2)], gallery="ours"))


@pytest.mark.models
def test_every_process_finds_what_another_one_enrolled(several: Running) -> None:
    answers = [identified(several) for _ in range(6)]  # each over a connection of its own
    assert {answer.json()["decision"]["subject"] for answer in answers} == {"P-1"}
    with httpx.Client(headers={"X-Api-Key": several.key}, timeout=60, trust_env=False) as one:
        figures = one.get(f"{several.url}/metrics").text
    assert 'biometric_index_references{modality="fingerprint"} 1.0' in figures
    assert 'biometric_decisions_total{kind="identification",outcome="match"} 6.0' in figures
    assert 'biometric_decisions_total{kind="subject.enrolled",outcome="enrolled"} 1.0' in figures


@pytest.mark.models
def test_a_matcher_that_died_is_started_anew_and_nobody_is_unknown_meanwhile(several: Running) -> None:
    os.kill(_matcher_of(several), signal.SIGKILL)
    outcomes = set()

    def back() -> bool:
        answer = identified(several)
        found = answer.json()
        outcomes.add(found["decision"]["outcome"] if answer.is_success else found["code"])
        return answer.is_success

    eventually(back)
    assert outcomes <= {"match", "index_unavailable"}


@pytest.mark.models
def test_nothing_of_a_person_is_in_what_the_service_said_or_left_behind(several: Running) -> None:
    """The last of this module: it erases the person."""
    folder = several.log.parent
    with settings_store(Settings(data_dir=folder / "data")) as opened:
        (reference,) = opened.store.references(SubjectId("P-1"))
        template = native.encode(reference.template)
    assert identified(several).status_code == 200
    broken = asking([image(folder, 1)[:-500]], gallery="ours")
    assert post(several, "identifications", **broken).status_code == 400
    with httpx.Client(base_url=several.url, headers={"X-Api-Key": several.key}, timeout=120, trust_env=False) as one:
        erased = one.delete(f"{OPERATIONS}/subjects/P-1", params={"purpose": "x"})
    assert erased.is_success, erased.text
    left = {path: said for path, said in files_under(folder).items() if "fingers" not in path.parts}
    said = b"".join(left.values())
    assert several.log in left
    assert b"P-1" in said
    whole = (template, image(folder, 1), image(folder, 2))
    pieces = [each[at : at + PIECE] for each in whole for at in range(HEADER, len(each) - PIECE, 10 * PIECE)]
    assert len(pieces) > 30
    for piece in pieces:
        forms = (piece, base64.b64encode(piece)[:-4], piece.hex().encode(), repr(piece).encode()[2:-1])
        assert not any(form in said for form in forms)


def _matcher_of(service: Running) -> int:
    """The process that listens on a Unix socket."""
    listening = {line.split()[6] for line in Path("/proc/net/unix").read_text().splitlines() if "/matcher" in line}
    return next(pid for pid in descendants(service.pid) if listening & set(_sockets_of(pid)))


def _sockets_of(pid: int) -> Iterator[str]:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            opened = str(descriptor.readlink())
            if opened.startswith("socket:["):
                yield opened.removeprefix("socket:[").removesuffix("]")
