"""What a slice holds, as bytes: a JSON header behind its length (u32, little-endian), then the templates one by one."""

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from pydantic import TypeAdapter

from biometric_service.errors import BiometricServiceError
from biometric_service.interchange.slices.policies import invalid
from biometric_service.templates import native
from biometric_service.templates.cursor import Cursor
from biometric_service.vocabulary.officer_keys import OfficerKeys
from biometric_service.vocabulary.references import EncounterStatus, GalleryId, Reference, ReferenceId, SubjectId
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.slices import Comparison, PostRules, SliceContent

VERSION: Final = 1
_RULES: Final = TypeAdapter(PostRules | None)
_OFFICERS: Final = TypeAdapter(OfficerKeys | None)
_LENGTH: Final = struct.Struct("<I")


def encode(content: SliceContent) -> bytes:
    """The content as bytes; TEMPLATE_INVALID."""
    templates = [native.encode(each.template) for each in content.added]
    header = json.dumps(_header(content, templates), separators=(",", ":")).encode()
    return b"".join((_LENGTH.pack(len(header)), header, *templates))


def decode(data: bytes) -> SliceContent:
    """The content of ``encode``; SLICE_INVALID for anything else."""
    try:
        cursor = Cursor(data)
        header = json.loads(cursor.take(*cursor.unpack(_LENGTH)))
        content = _content(header, cursor)
        cursor.end()
    except (ValueError, KeyError, TypeError, AttributeError, struct.error, BiometricServiceError):
        raise invalid("it cannot be read") from None
    return content


def _header(content: SliceContent, templates: list[bytes]) -> Mapping[str, object]:
    return {
        "version": VERSION,
        "galleries": sorted(content.galleries),
        "removed": list(content.removed),
        "comparisons": {modality.value: asdict(each) for modality, each in content.comparisons.items()},
        "policy": content.policy,
        "statuses": {subject: status.value for subject, status in content.statuses.items()},
        "rules": _RULES.dump_python(content.rules, mode="json"),
        "officers": _OFFICERS.dump_python(content.officers, mode="json"),
        "references": [
            (each.id, each.subject, sorted(each.galleries), len(template))
            for each, template in zip(content.added, templates, strict=True)
        ],
    }


def _content(header: Mapping[str, Any], cursor: Cursor) -> SliceContent:
    if header["version"] != VERSION:
        raise ValueError("another version")
    return SliceContent(
        galleries=frozenset(map(GalleryId, header["galleries"])),
        added=tuple(
            Reference(
                ReferenceId(int(number)),
                SubjectId(str(subject)),
                frozenset(map(GalleryId, galleries)),
                native.decode(cursor.take(int(size))),
            )
            for number, subject, galleries, size in header["references"]
        ),
        removed=tuple(ReferenceId(int(number)) for number in header["removed"]),
        comparisons={Modality(name): Comparison(**each) for name, each in header["comparisons"].items()},
        policy=dict(header["policy"]),
        statuses={SubjectId(name): EncounterStatus(status) for name, status in header["statuses"].items()},
        rules=_RULES.validate_python(header["rules"]),
        officers=_OFFICERS.validate_python(header.get("officers")),  # a slice on a disk may be from before
    )
