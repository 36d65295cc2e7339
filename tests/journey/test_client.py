"""The client against the running service: typed answers, faults by code, retries, and nothing done twice."""

import asyncio
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image as Pictures
from pydantic import ValidationError

from biometric_service import client as biometrics
from biometric_service.client import AsyncClient, Client, Connection, Finger, Image, NoAnswer, Patience, ServiceFault
from biometric_service.errors import ErrorCode
from biometric_service.recognition.requests import EnrolmentOutcome
from biometric_service.settings import Settings
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.decisions import Movement, Outcome, Passage
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.movements import Ground
from biometric_service.vocabulary.references import Encounter, EncounterId, EncounterStatus, GalleryId, SubjectId
from biometric_service.vocabulary.samples import Modality
from device_drivers.protocol import DeviceInfo, Frame
from tests.certificates import identity
from tests.live_service import LiveService, event, live_service, synthetic_fingers, without_models


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with live_service(without_models(tmp_path_factory.mktemp("data")), tls=True) as live:
        live.gallery("ours")
        live.subject("P-1", "ours")
        yield live


@pytest.fixture
def connection(live: LiveService) -> Connection:
    return Connection(authorities=live.service.settings.data_dir / "tls.pem", patience=Patience(tries=1))


def test_answers_are_typed(live: LiveService, connection: Connection) -> None:
    with Client(live.url, live.key(), connection) as client:
        assert client.ask(biometrics.new_gallery("new", purpose="admin")).gallery == "new"
        assert "new" in client.ask(biometrics.galleries(purpose="admin")).galleries
        assert client.ask(biometrics.subject("P-1", purpose="admin")).encounters == 1
        assert [each.subject for each in client.ask(biometrics.subjects(gallery="ours", purpose="x")).subjects] == [
            "P-1"
        ]
        assert client.ask(biometrics.gallery_deletion("new", purpose="admin")).gallery == "new"
        assert client.ask(biometrics.events(purpose="audit", limit=3)).events[0].number == 1
        answer = client.ask(biometrics.comparison(first="P-1", second="P-1", gallery="ours", purpose="x"))
        assert answer.decision.outcome is Outcome.RECAPTURE


def test_people_are_joined_and_parted(live: LiveService, connection: Connection) -> None:
    live.subject("A-1", "ours")
    second = Encounter(SubjectId("A-2"), EncounterId("second"), frozenset({GalleryId("ours")}), datetime.now(UTC), ())
    live.service.store.enrol(second, event(EventKind.SUBJECT_ENROLLED))
    with Client(live.url, live.key(), connection) as client:
        client.ask(biometrics.merge("A-2", into="A-1", purpose="x"))
        both = client.ask(biometrics.encounters("A-1", purpose="x")).encounters
        assert len(both) == 2
        client.ask(biometrics.unmerge("A-2", purpose="x"))
        (own,) = client.ask(biometrics.encounters("A-2", purpose="x")).encounters
        client.ask(biometrics.status_change("A-2", own.encounter, EncounterStatus.INACTIVE, purpose="x"))
        client.ask(biometrics.galleries_change("A-2", own.encounter, ["ours"], purpose="x"))
        client.ask(biometrics.move("A-2", own.encounter, to="A-1", purpose="x"))
        client.ask(biometrics.encounter_deletion("A-1", own.encounter, purpose="x"))
        assert len(client.ask(biometrics.encounters("A-1", purpose="x")).encounters) == 1


def test_what_is_sent_again_is_done_once(live: LiveService, connection: Connection) -> None:
    rights: dict[str, Any] = {"scopes": [Scope.IDENTIFY], "galleries": ["ours"], "purposes": ["x"], "purpose": "x"}
    new = biometrics.new_device("gate", title="Gate", certificate=identity("gate").pem, **rights)
    ended = biometrics.device_revocation("gate", purpose="x")
    with Client(live.url, live.key(), connection) as client:
        assert client.ask(new) == client.ask(new)
        assert client.ask(ended) == client.ask(ended)


def test_a_fault_has_the_services_code(live: LiveService, connection: Connection) -> None:
    with Client(live.url, live.key(), connection) as client:
        with pytest.raises(ServiceFault) as fault:
            client.ask(biometrics.subject("nobody/../x", purpose="x"))
        assert fault.value.code in {ErrorCode.SUBJECT_UNKNOWN, ErrorCode.REQUEST_INVALID}
        with pytest.raises(ServiceFault) as fault:
            client.ask(biometrics.subject("nobody", purpose="x"))
        assert (fault.value.status, fault.value.code) == (404, ErrorCode.SUBJECT_UNKNOWN)
        assert fault.value.request_id
    with Client(live.url, "wrong", connection) as stranger, pytest.raises(ServiceFault, match="not_authenticated"):
        stranger.ask(biometrics.galleries(purpose="x"))


def test_a_device_needs_no_secret(tmp_path: Path) -> None:
    authority, folder = identity("authority"), tmp_path
    (folder / "ca.pem").write_text(authority.pem)
    gate = identity("gate", authority)
    with live_service(without_models(tmp_path, tls_client_ca_file=folder / "ca.pem"), tls=True) as other:
        other.gallery("ours")
        other.device("ours", gate)
        certificate, key = gate.files(tmp_path)
        how = Connection(other.service.settings.data_dir / "tls.pem", (Path(certificate), Path(key)))
        with Client(other.url, connection=how) as client:
            assert client.ask(biometrics.galleries(purpose="x")).galleries == ("ours",)


def test_a_service_that_nobody_vouches_for_is_not_spoken_to(live: LiveService) -> None:
    with Client(live.url, live.key(), Connection(patience=Patience(tries=1))) as client, pytest.raises(NoAnswer):
        client.ask(biometrics.galleries(purpose="x"))


def test_many_ask_at_once(live: LiveService, connection: Connection) -> None:
    async def ask_all() -> list[int]:
        async with AsyncClient(live.url, live.key(), connection) as client:
            answers = (client.ask(biometrics.subject("P-1", purpose="x")) for _ in range(10))
            return [answer.encounters for answer in await asyncio.gather(*answers)]

    assert asyncio.run(ask_all()) == [1] * 10


class Moody(BaseHTTPRequestHandler):
    """Answers what it is told to, in order; keeps what it was sent."""

    moods: list[tuple[int, dict[str, str]]]
    keys: list[str]
    bodies: list[bytes]

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.keys.append(self.headers["Idempotency-Key"])
        status, headers = self.moods.pop(0)
        if status == 0:
            self.connection.close()
            return
        body = b'{"gallery": "new", "since_version": "2"}'
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def moody() -> Iterator[str]:
    Moody.moods, Moody.keys, Moody.bodies = [], [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Moody)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


QUICK = Connection(patience=Patience(tries=4, first_s=0.01))


def test_a_request_is_sent_again_under_the_same_idempotency_key(moody: str) -> None:
    Moody.moods = [(503, {}), (429, {}), (502, {}), (200, {})]
    with Client(moody, "key", QUICK) as client:
        assert client.ask(biometrics.new_gallery("new", purpose="x")).gallery == "new"
        assert len(Moody.keys) == 4
        assert len(set(Moody.keys)) == 1
        Moody.moods = [(200, {})]
        client.ask(biometrics.new_gallery("new", purpose="x"))
        assert len(set(Moody.keys)) == 2


def test_a_form_is_sent_again_as_it_was(moody: str) -> None:
    Moody.moods = [(503, {}), (200, {})]
    images = [Image.face(b"one"), Image.face(b"two")]
    with Client(moody, "key", QUICK) as client, pytest.raises(ValidationError):
        client.ask(biometrics.enrolment(images, subject="P-1", galleries=["ours"], purpose="x"))
    first, second = Moody.bodies
    assert first == second
    assert b"one" in first


def test_what_is_wrong_is_not_sent_again(moody: str) -> None:
    Moody.moods = [(409, {}), (200, {})]
    with Client(moody, "key", QUICK) as client, pytest.raises(ServiceFault) as fault:
        client.ask(biometrics.new_gallery("new", purpose="x"))
    assert (fault.value.code, fault.value.status, len(Moody.keys)) == (None, 409, 1)


def test_a_connection_that_breaks_is_made_again_and_given_up_in_the_end(moody: str) -> None:
    Moody.moods = [(0, {}), (200, {})]
    with Client(moody, "key", QUICK) as client:
        assert client.ask(biometrics.new_gallery("new", purpose="x")).gallery == "new"
        Moody.moods = [(0, {})] * 4
        with pytest.raises(NoAnswer):
            client.ask(biometrics.new_gallery("new", purpose="x"))


def test_retry_after_is_honoured_by_both(moody: str) -> None:
    async def ask() -> None:
        async with AsyncClient(moody, "key", QUICK) as client:
            await client.ask(biometrics.new_gallery("new", purpose="x"))

    with Client(moody, "key", QUICK) as client:
        for asking in (lambda: client.ask(biometrics.new_gallery("new", purpose="x")), lambda: asyncio.run(ask())):
            Moody.moods = [(429, {"Retry-After": "1"}), (200, {})]
            began = time.monotonic()
            asking()
            assert 1 <= time.monotonic() - began < 30


def test_pauses_grow_and_end() -> None:
    patience = Patience(tries=6, first_s=1, longest_s=4)
    pauses = [patience.pause(tried, None) for tried in range(1, 7)]
    assert pauses[-1] is None
    assert all(0.5 * most <= (pause or 0) <= most for pause, most in zip(pauses, (1, 2, 4, 4, 4), strict=False))
    busy = httpx.Response(503, headers={"Retry-After": "3600"})
    assert patience.pause(1, busy) == 4
    assert patience.pause(1, httpx.Response(400)) is None
    told = {"type": "", "title": "", "status": 409, "detail": "", "action": "", "request_id": ""}
    at_work, used = (
        httpx.Response(409, json={**told, "code": code})
        for code in (ErrorCode.IDEMPOTENCY_KEY_IN_USE, ErrorCode.IDEMPOTENCY_KEY_REUSED)
    )
    assert 0 < (patience.pause(1, at_work) or 0) <= 1
    assert patience.pause(1, used) is None


@pytest.mark.models
def test_a_finger_from_a_driver_is_enrolled_and_identified(tmp_path: Path) -> None:
    synthetic_fingers(tmp_path / "fingers", 2)
    with live_service(Settings(data_dir=tmp_path / "data", face_model="")) as live:
        live.gallery("ours")
        finger = Image.of_frame(frame(tmp_path / "fingers" / "00001_1.png"), Modality.FINGERPRINT, Finger.RIGHT_INDEX)
        again = Image.fingerprint((tmp_path / "fingers" / "00001_2.png").read_bytes(), Finger.RIGHT_INDEX)
        stranger = Image.fingerprint((tmp_path / "fingers" / "00002_1.png").read_bytes())
        with Client(live.url, live.key()) as client:
            enrolment = biometrics.enrolment([finger], subject="P-7", galleries=["ours"], purpose="intake")
            kept = client.ask(enrolment)
            assert kept.outcome is EnrolmentOutcome.ENROLLED
            assert client.ask(enrolment) == kept
            where: dict[str, Any] = {"gallery": "ours", "purpose": "x"}
            assert client.ask(biometrics.identification([again], **where)).decision.subject == "P-7"
            few = client.ask(biometrics.identification_among([again], subjects=["P-7"], **where))
            assert few.decision.subject == "P-7"
            many = client.ask(biometrics.identification_batch([[again], [stranger], [Image.face(b"none")]], **where))
            outcomes = [answer.decision and answer.decision.subject for answer in many.answers]
            assert outcomes == ["P-7", None, None]
            same = client.ask(biometrics.comparison(first="P-7", second="P-7", **where))
            assert (same.decision.outcome, same.decision.subject) == (Outcome.MATCH, "P-7")
            for zone in ("yard", "wing"):
                client.ask(biometrics.zone_setting(zone, name=zone, purpose="x"))
            at_gate = biometrics.post_setting("gate", name="Gate", from_zone="yard", to_zone="wing", **where)
            client.ask(at_gate)
            check = biometrics.movement_check([again], post="gate", direction=Movement.IN, **where)
            assert [client.ask(check).passage for _ in range(2)] == [Passage.PASS, Passage.PASS]
            another = biometrics.movement_check([again], post="gate", direction=Movement.IN, **where)
            assert client.ask(another).ground is Ground.ELSEWHERE


def frame(path: Path) -> Frame:
    pixels = np.asarray(Pictures.open(path))
    info = DeviceInfo("test:", "test", "test", "1", frozenset(), 500.0)
    return Frame(pixels, 500.0, datetime.now(UTC), 0.0, info, "", ())


def test_a_colour_frame_is_sent_as_it_was_seen() -> None:
    blue = np.zeros((4, 4, 3), np.uint8)
    blue[..., 0] = 255  # drivers give BGR

    class Seen:
        pixels = blue
        dpi = None

    sent = Pictures.open(BytesIO(Image.of_frame(Seen(), Modality.FACE).data))
    assert sent.getpixel((0, 0)) == (0, 0, 255)
