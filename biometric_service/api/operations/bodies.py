"""What the operations are asked, as it is written on the wire."""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from biometric_service.api.operations.positions import Finger
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.decisions import Movement
from biometric_service.vocabulary.references import EncounterStatus, ExceptionKind
from biometric_service.vocabulary.samples import Modality

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$"

MOST_NAMED = 50
"""Longest list of named subjects."""
MOST_PROBES = 32
"""Most persons of a batch."""

PURPOSE_PATTERN = r"^\S(.{0,126}\S)?$"


def _matching(pattern: str, otherwise: str) -> AfterValidator:
    """A check that says in words what is wanted."""
    wanted = re.compile(pattern)

    def check(value: str) -> str:
        if wanted.fullmatch(value) is None:
            raise ValueError(otherwise)
        return value

    return AfterValidator(check)


Id = Annotated[
    str,
    _matching(ID_PATTERN, "must be 1 to 128 letters, digits or . _ : @ - and begin with a letter or digit"),
    WithJsonSchema({"type": "string", "pattern": ID_PATTERN}),
]
Purpose = Annotated[
    str,
    _matching(PURPOSE_PATTERN, "must be 1 to 128 characters on one line, without blanks at either end"),
    WithJsonSchema({"type": "string", "pattern": PURPOSE_PATTERN}),
]
Explain = Annotated[
    bool, Field(description="Also show what was compared; needs the scope abis.encounter.read as well.")
]
Line = Annotated[str, StringConstraints(max_length=128, pattern=r"^[^\r\n]*$")]


def _decoded(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        raise ValueError("must be base64 (RFC 4648, section 4) without line breaks") from None


Base64 = Annotated[
    bytes, BeforeValidator(_decoded, json_schema_input_type=str), Field(json_schema_extra={"contentEncoding": "base64"})
]


class Body(BaseModel):
    """Every body is read strictly: an unknown or misspelt field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FrameSignatureBody(Body):
    """What the scanner signed of the image (docs/how_to/sign_frames.md)."""

    device: Id = Field(description="The id that the scanner is registered under.", examples=["scanner-1"])
    captured_at: AwareDatetime = Field(description="When the scanner captured it, to the microsecond.")
    nonce: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] = Field(description="Other for each image.")
    dpi: FiniteFloat | None = Field(None, gt=0, description="As the scanner says.", examples=[500.0])
    position: int = Field(0, ge=0, le=99, description="Friction ridge position code, 0 where the scanner does not say.")
    signature: Base64 = Field(description="Ed25519 over the statement, base64.")


class ImageBody(Body):
    """One image: either its bytes in ``data``, or in ``file`` the name of the multipart part that holds them."""

    modality: Modality = Field(description="What the image shows.", examples=["fingerprint"])
    position: Finger = Field(Finger.UNKNOWN, description="Which finger it is.", examples=["right_index"])
    dpi: FiniteFloat | None = Field(
        None,
        gt=0,
        description="Resolution of a fingerprint in pixels an inch; left out, the file's own.",
        examples=[500],
    )
    data: Base64 | None = Field(None, description="The image file, base64.", examples=["iVBORw0KGgo="])
    file: Line | None = Field(None, description="Name of the multipart part with the image file.", examples=["finger"])
    signature: FrameSignatureBody | None = Field(None, description="Of a registered scanner; the image as PNG.")


class AskingBody(Body):
    """What every request says: what it is for, and from where."""

    purpose: Purpose = Field(description="What the answer is for; the caller must be allowed.", examples=["roll-call"])
    device: Line = Field("", description="What captured the images; kept in the audit log.", examples=["gate-3"])

    @property
    def given(self) -> tuple[ImageBody, ...]:
        """Every image that the request holds."""
        return ()


class RequestBody(AskingBody):
    """A request about one person."""

    images: Annotated[tuple[ImageBody, ...], Field(min_length=1)] = Field(description="The samples of one person.")

    @property
    def given(self) -> tuple[ImageBody, ...]:
        """Every image that the request holds."""
        return self.images


class ExplainedBody(RequestBody):
    """A request whose answer can be explained."""

    explain: Explain = False


class IdentificationBody(ExplainedBody):
    """Who is this?"""

    gallery: Id = Field(description="Where to look; ALL for every gallery.", examples=["residents"])


class VerificationBody(ExplainedBody):
    """Is this the person who is claimed?"""

    gallery: Id = Field(description="Where the person is enrolled; ALL for anywhere.", examples=["residents"])
    subject: Id = Field(description="Who it is said to be.", examples=["P-1042"])


class StatusBody(AskingBody):
    """Say what became of the person."""

    status: EncounterStatus = Field(description="Only an active encounter is searched in its galleries.")


class EncounterGalleriesBody(AskingBody):
    """Say where an encounter is searched."""

    galleries: Annotated[frozenset[Id], Field(min_length=1, max_length=100)] = Field(
        description="Galleries to be found in.", examples=[["residents"]]
    )


class WithdrawalBody(AskingBody):
    """End a consent."""

    consent: Annotated[Line, Field(min_length=1)] = Field(description="What the person had agreed to.")


class MoveBody(AskingBody):
    """Give an encounter to another subject."""

    to: Id = Field(description="Whose it is.", examples=["P-1042"])


class MergeBody(AskingBody):
    """Join two subjects that are one person."""

    into: Id = Field(description="Who keeps all encounters.", examples=["P-1042"])


class UnmergeBody(AskingBody):
    """Take a merge back."""


class ExceptionBody(Body):
    """A finger that could not be captured."""

    position: Finger = Field(description="Which finger.", examples=["left_little"])
    kind: ExceptionKind = Field(description="Why not.", examples=["missing"])
    since: date | None = Field(None, description="Since when, as far as that is known.", examples=["2019-03-01"])


class ConsentBody(Body):
    """What the person agreed to."""

    purpose: Line = Field(min_length=1, description="To what.", examples=["research"])
    given_at: AwareDatetime = Field(description="When.")


class EncounterBody(RequestBody):
    """Keep a further encounter of an enrolled person."""

    encounter: Id | None = Field(None, description="The encounter's id; left out, one is made.", examples=["E-7"])
    galleries: Annotated[frozenset[Id], Field(min_length=1, max_length=100)] = Field(
        description="Galleries to be found in.", examples=[["residents"]]
    )
    exceptions: tuple[ExceptionBody, ...] = Field((), max_length=10, description="Fingers that could not be captured.")
    despite_duplicates: bool = Field(
        default=False, description="An officer has looked at the person and the candidates, and answers for it."
    )
    kind: Line = Field("", description="Your word for the occasion.", examples=["booking"])
    legal_basis: Line = Field("", description="Why it may be kept.", examples=["Prisons Act, s. 12"])
    keep_until: AwareDatetime | None = Field(None, description="Left out, for as long as the retention rules say.")
    consents: tuple[ConsentBody, ...] = Field((), max_length=20, description="What the person agreed to.")
    contextual: Mapping[str, JsonValue] = Field(
        default_factory=dict, description="What is to be kept of the occasion.", examples=[{"officer": "17"}]
    )
    biographic: Mapping[str, JsonValue] = Field(
        default_factory=dict, description="What is to be kept of the person.", examples=[{"gender": "M"}]
    )


class EnrolmentBody(EncounterBody):
    """Keep this person under this id."""

    subject: Id = Field(description="The new subject's id.", examples=["P-1042"])


class MovementBody(ExplainedBody):
    """May this person pass the checkpoint?"""

    gallery: Id = Field(description="Who may be at this checkpoint.", examples=["residents"])
    checkpoint: Line = Field("", description="Where, in a word; left out, the post.", examples=["gate-3"])
    direction: Movement = Field(description="Which way.", examples=["in"])
    claimed: Id | None = Field(None, description="Who it is said to be; left out, the person is identified.")
    post: Id | None = Field(None, description="Which post; whoever passes it is believed to be elsewhere from then on.")
    passage: Id | None = Field(
        None,
        description="Your own id of this passage, by which a post makes it once; left out, the Idempotency-Key.",
    )

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if not self.checkpoint and self.post is None:
            raise ValueError("checkpoint or post must be given")
        return self


class ReportBody(AskingBody):
    """What another system's terminal says it saw."""

    report: Id = Field(description="Your id of this report, the same when it is sent again.", examples=["9f2c1e"])
    gallery: Id = Field(description="Who may be at this checkpoint.", examples=["residents"])
    checkpoint: Annotated[Line, Field(min_length=1)] = Field(description="Where.", examples=["gate-3"])
    terminal: Annotated[Line, Field(min_length=1)] = Field(description="Which terminal.", examples=["CQZ7200960012"])
    person: Annotated[Line, Field(min_length=1)] = Field(description="Whom it takes it to be.", examples=["104"])
    claimed: Id | None = Field(None, description="Who that is here, where that is known.", examples=["P-104"])
    direction: Movement | None = Field(None, description="Which way, where that is known.", examples=["out"])
    method: Line = Field("", description="What the terminal went by.", examples=["fingerprint"])
    seen_at: AwareDatetime = Field(description="When, by the terminal's clock.", examples=["2026-03-04T06:30:00-06:00"])


class GalleryBody(AskingBody):
    """Make a gallery."""

    gallery: Id = Field(description="The new gallery's id; ALL is reserved.", examples=["residents"])


class ComparisonBody(AskingBody):
    """Are these two subjects one person?"""

    gallery: Id = Field(description="Where both are enrolled; ALL for anywhere.", examples=["residents"])
    first: Id = Field(description="One subject.", examples=["P-1042"])
    second: Id = Field(description="The other.", examples=["P-2107"])


class FewBody(ExplainedBody):
    """Is this one of these few?"""

    gallery: Id = Field(description="Where all of them are enrolled; ALL for anywhere.", examples=["residents"])
    subjects: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MOST_NAMED)] = Field(
        description="Who it may be.", examples=[["P-1042", "P-2107"]]
    )


class ProbeBody(Body):
    """One person of a batch."""

    images: Annotated[tuple[ImageBody, ...], Field(min_length=1)] = Field(description="The samples of one person.")


class BatchBody(AskingBody):
    """Who are these?"""

    gallery: Id = Field(description="Where to look; ALL for every gallery.", examples=["residents"])
    probes: Annotated[tuple[ProbeBody, ...], Field(min_length=1, max_length=MOST_PROBES)] = Field(
        description="The persons, each identified by itself."
    )

    @property
    def given(self) -> tuple[ImageBody, ...]:
        """Every image that the request holds, person by person."""
        return tuple(image for probe in self.probes for image in probe.images)


class DeviceBody(AskingBody):
    """Register a device."""

    id: Id = Field(description="The new device's id; never given again.", examples=["gate-3"])
    name: Annotated[Line, Field(min_length=1)] = Field(description="What people call it.", examples=["Gate 3, north"])
    certificate: Annotated[str, Field(max_length=20_000)] = Field(
        description="Its X.509 certificate in PEM: ECDSA P-256, Ed25519, or RSA of 2048 bits or more."
    )
    scopes: Annotated[frozenset[Scope], Field(min_length=1)] = Field(
        description="What it may do; no more than the caller.", examples=[["abis.movement"]]
    )
    galleries: Annotated[frozenset[Id], Field(min_length=1, max_length=100)] = Field(
        description="Where it may look; no more than the caller.", examples=[["residents"]]
    )
    purposes: Annotated[frozenset[Line], Field(min_length=1, max_length=100)] = Field(
        description="What for; no more than the caller.", examples=[["movement"]]
    )
