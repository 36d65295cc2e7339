"""The screen of a checkpoint: a page on this machine alone, which works with the link down.

It is served by the checkpoint itself over loopback: the page of the console's kiosk, checks of what its camera takes,
and what happens as server-sent events. Pages of other origins are refused.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Final, Self
from uuid import uuid4

import uvicorn
from fastapi import FastAPI, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, SecretStr, model_validator

from biometric_service.api.languages import language_of
from biometric_service.app.checkpoint_agent import Capture, Tell, Told, as_line, fault_told
from biometric_service.capture.devices import device_failed
from biometric_service.checkpoint.answers import CheckpointAnswer
from biometric_service.checkpoint.by_hand import ByHand, Why
from biometric_service.checkpoint.by_keys import ByKeys
from biometric_service.checkpoint.checkpoint import Checkpoint
from biometric_service.checkpoint.link import Asked
from biometric_service.console.rendering import STATIC, standalone, static_files
from biometric_service.errors import BiometricServiceError
from biometric_service.recognition.requests import Given, GivenImage
from biometric_service.texts.speaking import ENGLISH
from biometric_service.vocabulary.decisions import Movement
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.samples import Modality
from device_drivers.errors import Reason

HOST: Final = "127.0.0.1"
LARGEST: Final = 20_000_000
KEPT: Final = 100
EVERY_S: Final = 0.2
START_S: Final = 30.0


class Screen:
    """What the page is told, and what it asks; ``also``: who else is told; ``reader``: None where there is none."""

    def __init__(self, checkpoint: Checkpoint, direction: Movement, also: Tell, reader: Capture | None = None) -> None:
        self.checkpoint, self.direction = checkpoint, direction
        self._also, self._reader = also, reader
        self._told: list[tuple[int, Told]] = []
        self._count = 0
        self._lock = threading.Lock()

    def tell(self, told: Told) -> None:
        """Show it, and tell whoever else is to know."""
        with self._lock:
            self._count += 1
            self._told = [*self._told[-KEPT:], (self._count, told)]
        self._also(told)

    def since(self, number: int) -> list[tuple[int, Told]]:
        """What was told after a number."""
        with self._lock:
            return [each for each in self._told if each[0] > number]

    @property
    def count(self) -> int:
        """How much was told so far."""
        return self._count

    def check(self, image: bytes, modality: Modality, claimed: str | None) -> Told:
        """Check whoever is in a picture; what is said of it, a fault included."""
        return self._said(lambda: self._checked((GivenImage(image, modality, device="screen"),), claimed))

    def check_finger(self, face: bytes, claimed: str | None) -> Told:
        """Let the reader take a finger, and check it with the face of the same person; ``face``: empty for none."""
        faces = (GivenImage(face, Modality.FACE, device="screen"),) if face else ()
        return self._said(lambda: self._checked((*faces, self._finger()), claimed))

    def confirm(self, body: "Confirmation") -> Told:
        """Let two officers, whose keys or faces are given, answer for somebody; what is said of it."""
        about = (uuid4().hex, SubjectId(body.subject), self.direction, body.why)
        if body.keys:
            one, other = (each.get_secret_value() for each in body.keys)
            return self._said(lambda: self.checkpoint.confirm_by_keys(ByKeys(*about, (one, other))))
        first, second = ((GivenImage(each, Modality.FACE, device="screen"),) for each in body.officers)
        return self._said(lambda: self.checkpoint.confirm(ByHand(*about, (first, second))))

    @property
    def fingers(self) -> bool:
        """Whether there is a reader."""
        return self._reader is not None

    def _finger(self) -> Given:
        if self._reader is None:
            raise device_failed(Reason.NOT_FOUND, "Start the checkpoint with --reader.", "There is no finger reader")
        return self._reader(Modality.FINGERPRINT)

    def _checked(self, images: tuple[Given, ...], claimed: str | None) -> CheckpointAnswer:
        who = SubjectId(claimed) if claimed else None
        return self.checkpoint.check(Asked(uuid4().hex, images, self.direction, who))

    def _said(self, ask: Callable[[], CheckpointAnswer]) -> Told:
        try:
            told: Told = ask().told
        except BiometricServiceError as fault:
            told = fault_told(fault)
        self.tell(told)
        return told


class Confirmation(BaseModel):
    """Two officers answer for somebody; either the keys of both, or pictures of them in base64."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    subject: str
    why: Why
    officers: Annotated[tuple[Base64Bytes, ...], Field(max_length=2)] = ()
    keys: Annotated[tuple[SecretStr, ...], Field(max_length=2)] = ()

    @model_validator(mode="after")
    def _require_two(self) -> Self:
        if {len(self.officers), len(self.keys)} != {0, 2}:
            raise ValueError("two keys or two pictures")
        return self


def screen_app(screen: Screen) -> FastAPI:
    """What is served to the page."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.middleware("http")
    async def own_page_only(request: Request, answer: Callable[[Request], object]) -> object:
        return _refusal(request) or await answer(request)  # type: ignore[misc] # Starlette's own type of it is private

    @app.get("/")
    async def page(request: Request) -> Response:
        post = screen.checkpoint.post
        if post is None:
            return PlainTextResponse("503", 503, {"Refresh": "2"})
        shown = {"post": post, "posts": (), "direction": screen.direction.value, "agent": True, "station": ""}
        by_keys, by_faces = screen.checkpoint.by_keys, screen.checkpoint.by_hand
        offered = {"fingers": screen.fingers, "by_hand": by_keys or by_faces, "by_keys": by_keys, "by_faces": by_faces}
        return standalone("kiosk.html", language_of(request), {**shown, **offered})

    app.mount(STATIC, static_files(), name="console")

    @app.get("/v1/state")
    async def state() -> Mapping[str, object]:
        return dict(await run_in_threadpool(lambda: screen.checkpoint.state().told(ENGLISH)))

    @app.post("/v1/checks")
    async def check(
        request: Request, modality: Modality = Modality.FACE, claimed: Annotated[str | None, Query()] = None
    ) -> Mapping[str, object]:
        told = await run_in_threadpool(screen.check, await request.body(), modality, claimed)
        return dict(told(language_of(request)))

    @app.post("/v1/finger-checks")
    async def check_finger(request: Request, claimed: Annotated[str | None, Query()] = None) -> Mapping[str, object]:
        told = await run_in_threadpool(screen.check_finger, await request.body(), claimed)
        return dict(told(language_of(request)))

    @app.post("/v1/manual-checks")
    async def confirm(request: Request, body: Confirmation) -> Mapping[str, object]:
        told = await run_in_threadpool(screen.confirm, body)
        return dict(told(language_of(request)))

    @app.get("/v1/events")
    async def events(request: Request) -> StreamingResponse:
        return StreamingResponse(_events(screen, request), media_type="text/event-stream")

    return app


@contextmanager
def serving_screen(screen: Screen, port: int) -> Iterator[int]:
    """Serve it on this machine until the context ends; gives the port, which is any free one for 0."""
    config = uvicorn.Config(screen_app(screen), host=HOST, port=port, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="screen", daemon=True)
    thread.start()
    until = time.monotonic() + START_S
    while not server.started and thread.is_alive() and time.monotonic() < until:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


def _refusal(request: Request) -> Response | None:
    """What pages of other origins are told, and whoever sends a body that is too long or says no length; None else."""
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    if host.partition(":")[0] not in {HOST, "localhost"} or origin not in {None, f"http://{host}"}:
        return JSONResponse({"code": "not_authorised"}, 403)
    length = request.headers.get("content-length", "")
    if request.method == "POST" and not (length.isascii() and length.isdigit() and int(length) <= LARGEST):
        return JSONResponse({"code": "request_too_large"}, 413)
    return None


async def _events(screen: Screen, request: Request) -> AsyncIterator[str]:
    number = screen.count
    while not await request.is_disconnected():
        for number, told in screen.since(number):  # noqa: B020 - the last one counts
            yield f"id: {number}\ndata: {as_line(told(language_of(request)))}\n\n"
        await asyncio.sleep(EVERY_S)
