"""``biometric-service checkpoint``: a checkpoint at a post, with the service or without."""

import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from biometric_service.app.checkpoint_agent import Keeper, Lane, Tell, Told, as_line, fault_told
from biometric_service.app.checkpoint_screen import Screen, serving_screen
from biometric_service.app.checkpoints import Setup, open_checkpoint, walk_on_slices
from biometric_service.app.stages import Stages, build_stages
from biometric_service.app.warming import recognise_ahead
from biometric_service.capture.session.guided import GuidedCapture
from biometric_service.capture.session.kept_open import KeptOpen
from biometric_service.capture.session.plan import Plan
from biometric_service.checkpoint.answers import CheckpointAnswer, Step
from biometric_service.checkpoint.checkpoint import CheckpointRules
from biometric_service.checkpoint.device_disk import is_locked, open_queue, wipe_locked
from biometric_service.checkpoint.identity import read_identity
from biometric_service.cli.capturing import Signing, taken_by
from biometric_service.cli.live import Lines
from biometric_service.client.retrying import Patience
from biometric_service.client.sending import Connection
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.judging import QualityJudge, WalkJudge
from biometric_service.recognition.requests import Given
from biometric_service.settings import load_settings
from biometric_service.texts.speaking import Language
from biometric_service.vocabulary.decisions import Movement, Passage
from biometric_service.vocabulary.references import Json, SubjectId
from biometric_service.vocabulary.samples import Modality

STOPPED, OFFICER, AGAIN, REVOKED = 3, 4, 5, 6
"""Exit codes beside 0 for a pass: stopped, for an officer to look, not captured; and of a revoked device."""
AFTER_S = 2.0
"""Between two people."""


def checkpoint(  # noqa: PLR0913 - the options of the command
    *,
    service: Annotated[str, typer.Option(help="Address of the service: https://biometrics.example.")],
    post: Annotated[str, typer.Option(help="The post, as it is set up at the service.")],
    device_id: Annotated[str, typer.Option("--id", help="The id that this device is registered under.")],
    key: Annotated[Path, typer.Option(help="Its private key (P-256), PEM; readable by this user alone.")],
    state: Annotated[Path, typer.Option(help="Folder for the slice and the queue, of this user alone.")],
    device: Annotated[str | None, typer.Option(help="The camera: v4l2:///dev/video0, rtsp://host/stream…")] = None,
    reader: Annotated[str | None, typer.Option(help="The finger reader, where there is one.")] = None,
    direction: Annotated[Movement, typer.Option(help="Which way people pass.")] = Movement.IN,
    claimed: Annotated[str | None, typer.Option(help="Who it is said to be; left out, people are identified.")] = None,
    purpose: Annotated[str, typer.Option(help="Kept in the audit log.")] = "movement",
    gallery: Annotated[str, typer.Option(help="Who may be here; left out, the gallery of the post.")] = "",
    officers: Annotated[str, typer.Option(help="Gallery of those who may answer for somebody by hand.")] = "",
    authorities: Annotated[Path | None, typer.Option(help="PEM of who vouches for the service.")] = None,
    service_key: Annotated[
        str, typer.Option(help="Public key of the service (biometric-service audit public-key), hexadecimal.")
    ] = "",
    link_seconds: Annotated[float, typer.Option(min=0.1, help="How long somebody waits for the service.")] = 1.0,
    renew: Annotated[float, typer.Option(min=0.5, help="How often the slice is brought up to date, in s.")] = 60.0,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to wait for a good picture.")] = 10.0,
    screen: Annotated[int, typer.Option(help="Port on this machine for a kiosk's screen; 0 for none.")] = 0,
    once: Annotated[bool, typer.Option("--once", help="Check one person and end.")] = False,
    language: Annotated[Language, typer.Option(help="Of the sentences in its lines.")] = Language.ENGLISH,
) -> None:
    """Check people at a post, by the service while it answers and by this device's own slice while it does not.

    Prints lines of JSON: answers, changes of state, faults. With --once it ends with 0 for a pass, 3 for a stop, 4
    where an officer has to look, 5 where nothing could be captured; always with 6 where this device is revoked.
    """
    if is_locked(state):
        wipe_locked(state)
        _tell(language)(_revoked())
        raise typer.Exit(REVOKED)
    settings = load_settings()
    stages = build_stages(settings)
    recognise_ahead(stages.extractors, stages.assessors)
    rules = CheckpointRules(post, purpose, renew, reader is not None, service_key, gallery, officers)
    setup = Setup(rules, read_identity(device_id, key), state, key)
    connection = Connection(authorities, seconds=link_seconds, patience=Patience(tries=1))
    with ExitStack() as stack:
        opened = stack.enter_context(open_checkpoint(setup, walk_on_slices(stages, settings), service, connection))
        kept = stack.enter_context(KeptOpen(device)) if device else None
        camera = Camera(stages, {Modality.FACE: device, Modality.FINGERPRINT: reader}, seconds, kept)
        tell = _tell(language)
        if screen:
            shown = Screen(opened, direction, tell, camera.capture if reader else None)
            stack.enter_context(serving_screen(shown, screen))
            tell = shown.tell
        keeper = stack.enter_context(Keeper(opened, tell))
        opened.gallery()
        lane = Lane(opened, camera.capture, direction, tell, SubjectId(claimed) if claimed else None)
        code = _run(lane if device else None, keeper.over, tell, once=once)
    raise typer.Exit(REVOKED if is_locked(state) else code)


def show_queue(
    state: Annotated[Path, typer.Argument(help="Folder of the checkpoint.")],
    *,
    again: Annotated[bool, typer.Option("--again", help="Have what was refused told once more.")] = False,
) -> None:
    """Print what a checkpoint has decided and the service has not noted, also of a device that is revoked."""
    queue = open_queue(state)
    if again:
        queue.again()
    for event, why in queue.set_aside():
        _print({"event": "refused", "id": event.id, "path": event.path, "why": why, **event.body})
    for event in queue.pending():
        _print({"event": "waiting", "id": event.id, "path": event.path, **event.body})


class Camera:
    """Captures by the drivers what the walk will take; ``kept``: the camera, which stays open between people."""

    def __init__(
        self, stages: Stages, devices: Mapping[Modality, str | None], seconds: float, kept: KeptOpen | None = None
    ) -> None:
        locate = {modality: extractor.locate for modality, extractor in stages.extractors.items()}
        self._judge = WalkJudge(QualityJudge(locate, stages.assessors), stages.extractors, stages.comparators)
        self._devices, self._seconds, self._kept = devices, seconds, kept

    def capture(self, modality: Modality) -> Given:
        """The first good picture; SAMPLES_UNUSABLE, DEVICE_FAILED."""
        url = self._devices[modality]
        assert url is not None
        plan, signing = Plan(modality, seconds=self._seconds), Signing(Lines(json=True), None)
        if self._kept is None or modality is not Modality.FACE:
            return taken_by(GuidedCapture(url, plan, self._judge), signing).images[0]
        session = GuidedCapture(url, plan, self._judge, self._kept.device)
        return taken_by(session, signing, self._kept.run).images[0]


def _run(lane: Lane | None, over: threading.Event, tell: Tell, *, once: bool) -> int:
    """One person after another, until somebody ends it."""
    while not over.is_set():
        if lane is None:
            over.wait()
            break
        code = _one(lane, tell)
        if once:
            return code
        time.sleep(AFTER_S)
    return 0


def _one(lane: Lane, tell: Tell) -> int:
    try:
        return _code(lane.one_person())
    except BiometricServiceError as fault:
        tell(fault_told(fault))
        return AGAIN if fault.code is ErrorCode.SAMPLES_UNUSABLE else OFFICER


def _code(answer: CheckpointAnswer) -> int:
    if answer.passage is Passage.PASS:
        return 0
    if answer.passage is Passage.STOP and answer.step is Step.NONE:
        return STOPPED
    return {Passage.STOP: STOPPED, Passage.REVIEW: OFFICER}.get(answer.passage, AGAIN)


def _revoked() -> Told:
    return fault_told(BiometricServiceError.of(ErrorCode.DEVICE_REVOKED, "wiped"))


def _tell(language: Language) -> Tell:
    return lambda told: _print(told(language.value))


def _print(told: Mapping[str, Json]) -> None:
    typer.echo(as_line(told))
