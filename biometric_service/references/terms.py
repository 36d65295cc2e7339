"""The terms of an agreement as text, in one canonical form."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from biometric_service.vocabulary.references import EncounterStatus, GalleryId, SubjectId
from biometric_service.vocabulary.sharing import Channel, Circle, Partner, RecordForm, RequestKind, Terms


def pack_terms(terms: Terms) -> str:
    """As JSON in ASCII with sorted keys and no blanks."""
    return json.dumps(asdict(terms), sort_keys=True, separators=(",", ":"), default=_plain)


def unpack_terms(text: str) -> Terms:
    """What ``pack_terms`` made."""
    said: dict[str, Any] = json.loads(text)
    partner, circle = said.pop("partner"), said.pop("circle")
    return Terms(
        partner=Partner(**{**partner, "channel": Channel(partner["channel"])}),
        circle=Circle(
            galleries=frozenset(map(GalleryId, circle["galleries"])),
            statuses=frozenset(map(EncounterStatus, circle["statuses"])),
            subjects=frozenset(map(SubjectId, circle["subjects"])),
        ),
        fields=tuple(said.pop("fields")),
        valid_from=datetime.fromisoformat(said.pop("valid_from")),
        until=datetime.fromisoformat(said.pop("until")),
        form=RecordForm(said.pop("form")),
        answers=frozenset(map(RequestKind, said.pop("answers"))),
        **said,
    )


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)
