"""Parts of a case as text: the scores in the clear, the images and the verdicts for sealing."""

import base64
import json
from collections.abc import Sequence

from biometric_service.vocabulary.adjudication import ProbeImage, Verdict
from biometric_service.vocabulary.candidates import ComparisonScore, PartScore
from biometric_service.vocabulary.references import ReferenceId
from biometric_service.vocabulary.samples import FingerPosition, Modality


def pack_parts(parts: Sequence[PartScore]) -> str:
    """As JSON."""
    return json.dumps([_packed(part) for part in parts])


def unpack_parts(text: str) -> tuple[PartScore, ...]:
    """What ``pack_parts`` made."""
    return tuple(_unpacked(**each) for each in json.loads(text))


def pack_probe(images: Sequence[ProbeImage]) -> bytes:
    """As JSON with the images in base64."""
    rows = [(each.modality, int(each.position), base64.b64encode(each.data).decode()) for each in images]
    return json.dumps(rows).encode()


def unpack_probe(packed: bytes) -> tuple[ProbeImage, ...]:
    """What ``pack_probe`` made."""
    return tuple(
        ProbeImage(Modality(modality), FingerPosition(position), base64.b64decode(data))
        for modality, position, data in json.loads(packed)
    )


def pack_verdict(verdict: Verdict, note: str) -> bytes:
    """As JSON, of one length for every verdict, so that its seal does not tell them apart."""
    return json.dumps([verdict.value.ljust(max(map(len, Verdict))), note]).encode()


def unpack_verdict(packed: bytes) -> tuple[Verdict, str]:
    """What ``pack_verdict`` made."""
    verdict, note = json.loads(packed)
    return Verdict(verdict.strip()), note


def _packed(part: PartScore) -> dict[str, object]:
    score = part.score
    return {
        "modality": part.modality,
        "position": int(part.position),
        "reference": part.reference,
        "sample": part.sample,
        "value": score.value,
        "raw": score.raw,
        "comparator": score.comparator,
        "extrapolated": score.extrapolated,
        "capped": score.capped,
        "interval": score.interval,
        "weight": score.weight,
    }


def _unpacked(  # noqa: PLR0913 - one for each field
    *,
    modality: str,
    position: int,
    reference: int,
    sample: int,
    value: float,
    raw: float,
    comparator: str,
    extrapolated: bool,
    capped: bool,
    interval: tuple[float, float] | None,
    weight: float,
) -> PartScore:
    between = (interval[0], interval[1]) if interval else None
    score = ComparisonScore(value, raw, comparator, extrapolated, capped, between, weight)
    return PartScore(Modality(modality), FingerPosition(position), ReferenceId(reference), score, sample)
