"""What of a person an agreement lets go: the fields that it names, of the encounters that it is about, and no more."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from biometric_service.capture.bare import bare_image
from biometric_service.capture.files import ImageLimits
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.itl.remainder import REMARKS, packed, unpacked
from biometric_service.templates import native
from biometric_service.templates.conversion import TemplateKind, write_as
from biometric_service.vocabulary.references import (
    Circumstances,
    Encounter,
    EnrolledSample,
    Json,
    KeptEncounter,
    SubjectId,
)
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.sharing import Circle, Terms
from biometric_service.vocabulary.templates import MinutiaeTemplate, Template
from device_drivers.records.transaction_images import shows

FACTS = ("at", "status", "kind", "legal_basis", "exceptions")
_NAME = re.compile(r"[^\s.][^.]{0,127}")
ISO, NATIVE = "ISO/IEC 19794-2:2011", "biometric-service"


def require_fields(fields: Sequence[str]) -> None:
    """REQUEST_INVALID names the first field that is none."""
    for each in fields:
        area, _, name = each.partition(".")
        known = {
            "encounter": name in FACTS,
            "image": name in list(Modality),
            "template": name in list(Modality),
            "transaction": name == "rest",
        }
        if not (bool(_NAME.fullmatch(name)) if area in {"biographic", "contextual"} else known.get(area, False)):
            raise BiometricServiceError.of(ErrorCode.REQUEST_INVALID, "no_field", field=each)


def within(circle: Circle, encounters: Sequence[KeptEncounter]) -> Sequence[Encounter]:
    """The encounters of a person that an agreement is about."""
    known = (each.encounter for each in encounters if circle.names(each.encounter.subject))
    return [each for each in known if circle.holds(each.galleries, each.circumstances.status)]


def minimised(
    subject: SubjectId, encounters: Sequence[Encounter], terms: Terms, limits: ImageLimits
) -> Mapping[str, Json]:
    """The record of a person as JSON can say it: the id, and of each encounter the fields that are named.

    Of an image file the picture alone. Raises what ``bare_image`` raises.
    """
    fields = frozenset(terms.fields)
    return {"subject": subject, "encounters": [_encounter(each, fields, limits) for each in encounters]}


def _encounter(encounter: Encounter, fields: frozenset[str], limits: ImageLimits) -> Mapping[str, Json]:
    known = encounter.circumstances
    facts: Mapping[str, Json] = {
        "at": encounter.at.isoformat(),
        "status": known.status.value,
        "kind": known.kind,
        "legal_basis": known.legal_basis,
        "exceptions": [{"position": int(each.position), "kind": each.kind.value} for each in encounter.exceptions],
    }
    parts: Mapping[str, Json] = {
        **{name: value for name, value in facts.items() if f"encounter.{name}" in fields},
        "biographic": _named("biographic", known.biographic, fields),
        "contextual": _named("contextual", known.contextual, fields),
        "images": [_image(each, limits) for each in _of("image", encounter, fields) if each.image],
        "templates": [_template(each, made) for each in _of("template", encounter, fields) for made in each.templates],
    }
    return {name: part for name, part in parts.items() if part}


def reduced(encounter: Encounter, terms: Terms) -> Encounter:
    """The encounter with the fields that are named and nothing else, for what is written of all that one holds.

    The days on which images were taken stay: whoever writes them down has ``encounter.at`` named.
    """
    fields, known = frozenset(terms.fields), encounter.circumstances
    circumstances = Circumstances(
        legal_basis=known.legal_basis if "encounter.legal_basis" in fields else "",
        biographic=_named("biographic", known.biographic, fields),
        remarks=_rest(known.remarks, fields) if "transaction.rest" in fields else {},
    )
    exceptions = encounter.exceptions if "encounter.exceptions" in fields else ()
    samples = tuple(_reduced(each, fields) for each in encounter.samples)
    return replace(encounter, samples=samples, exceptions=exceptions, circumstances=circumstances)


def _rest(remarks: Mapping[str, Json], fields: frozenset[str]) -> Mapping[str, Json]:
    """Images of fingers and faces that no sample was made of go where such images are named too."""
    rest = unpacked(remarks)
    going = tuple(each for each in rest.records if (shown := shows(each)) is None or f"image.{shown.value}" in fields)
    return {REMARKS: packed(replace(rest, records=going))}


def _reduced(each: EnrolledSample, fields: frozenset[str]) -> EnrolledSample:
    modality = each.sample.modality.value
    image = each.image if f"image.{modality}" in fields else b""
    return replace(each, image=image, templates=each.templates if f"template.{modality}" in fields else ())


def _named(area: str, values: Mapping[str, Json], fields: frozenset[str]) -> Mapping[str, Json]:
    return {name: value for name, value in values.items() if f"{area}.{name}" in fields}


def _of(area: str, encounter: Encounter, fields: frozenset[str]) -> Iterator[EnrolledSample]:
    return (each for each in encounter.samples if f"{area}.{each.sample.modality.value}" in fields)


def _image(each: EnrolledSample, limits: ImageLimits) -> Mapping[str, Json]:
    sample = each.sample
    return {
        "modality": sample.modality.value,
        "position": int(sample.position),
        "dpi": sample.dpi,
        "data": base64.b64encode(bare_image(each.image, limits)).decode(),
    }


def _template(each: EnrolledSample, made: Template) -> Mapping[str, Json]:
    """A fingerprint's in the form of the standard, where it can be put so; any other in our own, with its model."""
    iso = isinstance(made, MinutiaeTemplate)
    data = write_as(made, TemplateKind.ISO_2011) if isinstance(made, MinutiaeTemplate) else native.encode(made)
    return {
        "modality": each.sample.modality.value,
        "position": int(each.sample.position),
        "format": ISO if iso else NATIVE,
        "model": str(made.format),
        "data": base64.b64encode(data).decode(),
    }
