"""``biometric-service identify|verify|movement`` on image files, folders or a device."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer
from rich.progress import track

from biometric_service.app import Service, open_service
from biometric_service.cli.capturing import Source, images_of
from biometric_service.cli.options import (
    DeviceOption,
    DpiOption,
    GalleryOption,
    ModalityOption,
    NumbersOption,
    PathsArgument,
    PositionOption,
    PurposeOption,
    operator,
    scan_named,
)
from biometric_service.cli.people import ImageFile, Reading, image_files, parse_numbers
from biometric_service.cli.printing import JsonOption, err, print_json, print_table
from biometric_service.errors import FAULTS_OF_AN_IMAGE, BiometricServiceError, ErrorCode
from biometric_service.recognition.identification import identify
from biometric_service.recognition.movement import check_movement
from biometric_service.recognition.passing import require_gallery_of, speaks_for
from biometric_service.recognition.requests import (
    IdentificationRequest,
    MovementCheck,
    MovementRequest,
    Recognition,
    VerificationRequest,
)
from biometric_service.recognition.verification import verify
from biometric_service.settings import load_settings
from biometric_service.vocabulary.decisions import Decision, Movement
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.places import Post, PostId
from biometric_service.vocabulary.quality import INSTRUCTIONS
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId, SubjectId
from biometric_service.vocabulary.samples import Modality

WORKERS = 2


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What became of one probe image of a folder; ``named``: the subject that its path names."""

    file: str
    named: str
    outcome: str
    subject: str | None
    score: float | None
    advice: str


def identify_images(  # noqa: PLR0913, PLR0917 - options of a command line
    paths: PathsArgument = None,
    modality: ModalityOption = Modality.FINGERPRINT,
    position: PositionOption = "unknown",
    dpi: DpiOption = None,
    gallery: GalleryOption = "ALL",
    purpose: PurposeOption = "identification",
    samples: NumbersOption = None,
    device: DeviceOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Say who each image shows: match, unknown or review; each image is a probe of its own."""
    reading = Reading(modality, scan_named(position), dpi)
    with open_service(load_settings()) as service:
        if device is not None:
            given = images_of(service.walk, Source(paths, device, json=json), reading)
            answer = identify(service.walk, IdentificationRequest(given, GalleryId(gallery)), operator(purpose, device))
            _print_decision(answer.decision, json=json, answer=answer)
            return
        files = image_files(paths or [], parse_numbers(samples))

        def ask(file: ImageFile) -> ProbeAnswer:
            request = IdentificationRequest((file.read(reading),), GalleryId(gallery))
            return _answered(file, identify(service.walk, request, operator(purpose)))

        _print_answers(_ask_all(files, ask), json=json)


def verify_images(  # noqa: PLR0913, PLR0917 - options of a command line
    subject: Annotated[str, typer.Option(help="Who it is said to be.")],
    paths: PathsArgument = None,
    modality: ModalityOption = Modality.FINGERPRINT,
    position: PositionOption = "unknown",
    dpi: DpiOption = None,
    gallery: GalleryOption = "ALL",
    purpose: PurposeOption = "verification",
    device: DeviceOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Say whether the images, taken together, are of the subject."""
    with open_service(load_settings()) as service:
        given = images_of(service.walk, Source(paths, device, json=json), Reading(modality, scan_named(position), dpi))
        request = VerificationRequest(given, SubjectId(subject), GalleryId(gallery))
        answer = verify(service.walk, request, operator(purpose, device or ""))
        _print_decision(answer.decision, json=json, answer=answer)


def movement(  # noqa: PLR0913, PLR0917 - options of a command line
    direction: Annotated[Movement, typer.Option(help="Which way.")],
    paths: PathsArgument = None,
    checkpoint: Annotated[str, typer.Option(help="Where the person wants to pass; left out, the post.")] = "",
    post: Annotated[str | None, typer.Option(help="The post that is passed; left out, nobody is moved.")] = None,
    claimed: Annotated[str | None, typer.Option(help="Who it is said to be, where somebody says so.")] = None,
    modality: ModalityOption = Modality.FINGERPRINT,
    position: PositionOption = "unknown",
    dpi: DpiOption = None,
    gallery: GalleryOption = "ALL",
    purpose: PurposeOption = "movement",
    device: DeviceOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Say whether the person in the images may pass the checkpoint, and where they are then, if it is a post."""
    with open_service(load_settings()) as service:
        caller = operator(purpose, device or "")
        passed = None if post is None else _spoken_for(service, post, caller)
        given = images_of(service.walk, Source(paths, device, json=json), Reading(modality, scan_named(position), dpi))
        claim = SubjectId(claimed) if claimed else None
        among = _among(passed, gallery)
        request = MovementRequest(given, among, checkpoint or post or "", direction, claim, passed)
        answer = check_movement(service.walk, request, caller)
    if json:
        print_json(_told(answer))
    else:
        print_table(
            f"{request.checkpoint}, {direction.value}",
            ("passage", "subject", "why", "audit event"),
            [(answer.passage.value, answer.subject or "", " ".join(answer.reasons), answer.event)],
        )


def _spoken_for(service: Service, post: str, caller: Caller) -> Post:
    """A post that names no devices of its own; PLACE_UNKNOWN, NOT_AUTHORISED."""
    found = service.day.places.post(PostId(post))
    if not speaks_for(found, caller):
        raise BiometricServiceError(
            ErrorCode.NOT_AUTHORISED, f"The post {post!r} listens to its own devices alone.", "Check at one of them."
        )
    return found


def _among(post: Post | None, gallery: str) -> GalleryId:
    """The gallery that was named, else those who pass the post; REQUEST_INVALID."""
    if post is None:
        return GalleryId(gallery)
    among = post.gallery if gallery == ALL_GALLERIES else GalleryId(gallery)
    require_gallery_of(post, among)
    return among


def _told(check: MovementCheck) -> dict[str, object]:
    return {
        "passage": check.passage,
        "ground": check.passed.ruling.ground,
        "subject": check.subject,
        "zone": check.passed.zone,
        "order": check.passed.ruling.order or None,
        "discrepancy": check.passed.ruling.discrepancy,
        "verification": check.verification,
        "identification": check.identification,
        "samples": check.samples,
        "reasons": check.reasons,
        "event": check.event,
    }


def _ask_all(files: Sequence[ImageFile], ask: Callable[[ImageFile], ProbeAnswer]) -> list[ProbeAnswer]:
    if len(files) == 1:
        return [ask(files[0])]
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(track(pool.map(partial(_in_spite, ask), files), "Identifying", total=len(files), console=err))


def _in_spite(ask: Callable[[ImageFile], ProbeAnswer], file: ImageFile) -> ProbeAnswer:
    """The answer, or what is wrong with this image, where that is no reason to give up the others."""
    try:
        return ask(file)
    except BiometricServiceError as fault:
        if fault.code not in FAULTS_OF_AN_IMAGE:
            raise
        return ProbeAnswer(str(file.path), file.subject, fault.code.value, None, None, fault.message)


def _answered(file: ImageFile, answer: Recognition) -> ProbeAnswer:
    decision = answer.decision
    best = decision.candidates[0].score if decision.candidates else None
    advice = " ".join(INSTRUCTIONS[report.failure] for report in answer.samples if report.failure)
    return ProbeAnswer(str(file.path), file.subject, decision.outcome.value, decision.subject, best, advice)


def _print_answers(answers: Sequence[ProbeAnswer], *, json: bool) -> None:
    counts = _counts(answers)
    if json:
        print_json({"probes": answers, "summary": counts})
    else:
        columns = ("image", "outcome", "subject", "score", "advice")
        rows = ((a.file, a.outcome, a.subject or "", _rounded(a.score), a.advice) for a in answers)
        print_table("Identification (score: -log10 FMR)", columns, rows)
        print_table("Summary", tuple(counts), [tuple(counts.values())])
    if FAULTS_OF_AN_IMAGE & counts.keys():
        raise typer.Exit(2)


def _counts(answers: Sequence[ProbeAnswer]) -> dict[str, int]:
    counts: dict[str, int] = {"probes": len(answers)}
    for each in answers:
        counts[each.outcome] = counts.get(each.outcome, 0) + 1
    counts["match as the path names it"] = sum(each.subject == each.named for each in answers)
    counts["match to another"] = sum(each.subject not in {None, each.named} for each in answers)
    return counts


def _print_decision(decision: Decision, *, json: bool, answer: Recognition) -> None:
    if json:
        print_json(answer)
        return
    rows = [(c.subject, f"{c.score:.2f}", f"{decision.threshold:.2f}") for c in decision.candidates]
    print_table(decision.outcome.value.upper(), ("candidate", "score", "threshold"), rows)
    for line in (*decision.reasons, *(INSTRUCTIONS[r.failure] for r in answer.samples if r.failure)):
        typer.echo(line)


def _rounded(score: float | None) -> str:
    return "" if score is None else f"{score:.2f}"
