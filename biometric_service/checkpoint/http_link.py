"""The service over HTTP; every request is signed by the device's key (``Device-Proof``)."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self

import httpx

from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answers import MovementAnswer
from biometric_service.api.operations.movement_wire import PassagesAnswer, PassageState
from biometric_service.api.operations.positions import finger_of
from biometric_service.checkpoint.answers import OnlineAnswer
from biometric_service.checkpoint.identity import PROOF, DeviceIdentity
from biometric_service.checkpoint.link import Asked
from biometric_service.checkpoint.passages import PASSAGES
from biometric_service.checkpoint.queue import QueuedEvent
from biometric_service.client.asking import movement_check
from biometric_service.client.faults import NoAnswer, ServiceFault
from biometric_service.client.images import Image
from biometric_service.client.sending import Connection
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.requests import Given, GivenImage
from biometric_service.vocabulary.quality import instruction
from biometric_service.vocabulary.references import ChangeNumber, SubjectId
from biometric_service.vocabulary.rulings import RulingReason

BUSY: Final = {HTTPStatus.TOO_MANY_REQUESTS}
SLICE_SECONDS: Final = 120.0
"""A whole slice of a large prison takes a while; that is for when nobody waits for it at the gate."""


@dataclass(frozen=True, slots=True)
class Place:
    """What every request of this checkpoint says."""

    post: str
    purpose: str


class Signed(httpx.Auth):
    """Signs each request as it is sent."""

    requires_request_body = True

    def __init__(self, identity: DeviceIdentity) -> None:
        self._identity = identity

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the proof."""
        target = request.url.raw_path.decode("ascii")
        request.headers[PROOF] = self._identity.proof(request.method, target, request.content)
        yield request


class HttpLink:
    """Implements ``Link``. ``connection.seconds``: how long anybody waits at the gate."""

    def __init__(self, url: str, identity: DeviceIdentity, place: Place, connection: Connection) -> None:
        self._place = place
        self._http = httpx.Client(
            base_url=url,
            auth=Signed(identity),
            verify=connection.context(),
            timeout=connection.seconds,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        """Nothing is opened before it is needed."""
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """Close every connection."""
        self._http.close()

    def check(self, asked: Asked) -> OnlineAnswer:
        """Let the service decide."""
        images = [image_of(each) for each in asked.images]
        request = movement_check(
            images,
            gallery=asked.gallery,
            checkpoint="",
            direction=asked.direction,
            claimed=asked.claimed,
            purpose=self._place.purpose,
            post=self._place.post,
            passage=asked.id,
        )
        answer = self._sent(request.on(self._http))
        with _understood():
            return _online(request.read(answer))

    def slice(self, held: ChangeNumber, *, awaited: bool = False) -> bytes:
        """The slice that goes on from a change."""
        asked = {"purpose": self._place.purpose, "post": self._place.post or None, "held": held}
        return self._posted("gallery-slices", asked, None if awaited else SLICE_SECONDS).content

    def tell(self, event: QueuedEvent) -> None:
        """Tell what was decided here; REQUEST_INVALID where the service will never take it."""
        answer = self._posted(event.path, event.body)
        if event.path == PASSAGES:
            with _understood():
                said = PassagesAnswer.model_validate_json(answer.content, extra="ignore")
            _require_taken(said)

    def standing(self, nonce: str) -> str:
        """How this device stands, signed."""
        answer = self._posted("device-standings", {"nonce": nonce})
        with _understood():
            statement: str = answer.json()["statement"]
            return statement

    def _posted(self, path: str, body: Mapping[str, Any], seconds: float | None = None) -> httpx.Response:
        request = self._http.build_request("POST", f"{OPERATIONS}/{path}", json=dict(body))
        if seconds is not None:
            request.extensions["timeout"] = httpx.Timeout(seconds, connect=self._http.timeout.connect).as_dict()
        return self._sent(request)

    def _sent(self, request: httpx.Request) -> httpx.Response:
        try:
            answer = self._http.send(request)
        except httpx.TransportError as lost:
            raise NoAnswer(f"The service could not be reached, or not in time ({type(lost).__name__}).") from None
        if answer.is_success:
            return answer
        fault = ServiceFault(answer)
        if answer.is_server_error or answer.status_code in BUSY or fault.code not in set(ErrorCode):
            raise NoAnswer(f"The service cannot answer now ({fault}).")
        raise BiometricServiceError(ErrorCode(fault.code), fault.detail, fault.action)


@contextmanager
def _understood() -> Iterator[None]:
    """NoAnswer where what was answered is not the service's, such as another page's on the way, or an older one's."""
    try:
        yield
    except (ValueError, KeyError, TypeError) as strange:
        raise NoAnswer(f"What the service answered is not understood ({type(strange).__name__}).") from None


def image_of(given: Given) -> Image:
    """What was captured, as a client sends it; REQUEST_INVALID for a template, which is compared here or not at all."""
    if isinstance(given, GivenImage):
        return Image(given.data, given.modality, finger_of(given.position), given.dpi)
    raise BiometricServiceError(
        ErrorCode.REQUEST_INVALID, "A template cannot be sent to the service.", "Give the image that it was made of."
    )


def _online(answer: MovementAnswer) -> OnlineAnswer:
    advice = tuple(instruction(each.failure.defect) for each in answer.samples if each.failure)
    why = tuple(RulingReason(each.code, each.facts).sentence for each in answer.why)
    subject = None if answer.subject is None else SubjectId(answer.subject)
    return OnlineAnswer(answer.passage, subject, why, advice, answer.ground.value)


def _require_taken(answer: PassagesAnswer) -> None:
    for each in answer.passages:
        if each.state is PassageState.REFUSED:
            raise BiometricServiceError(
                ErrorCode.REQUEST_INVALID,
                f"The service does not take the passage {each.passage}. {each.reason}",
                "Look at it, and note it by hand.",
            )
