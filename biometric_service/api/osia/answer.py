"""What an operation answers, and how it is written: JSON, or CSV where a list of ids is wanted so."""

import csv
import io
import json
from collections.abc import Sequence
from http import HTTPStatus

from pydantic import BaseModel

from biometric_service.api.osia.schemas.encounter import PersonIds

JSON = "application/json"
CSV = "text/csv"
DONE = "OK"
"""What a callback is told where a call that is answered at once says nothing (204)."""

Body = BaseModel | Sequence[BaseModel] | Sequence[str] | str
"""An object, a list of objects or of names, or a word."""


def status_of(body: Body) -> HTTPStatus:
    """204 where there is nothing to say."""
    return HTTPStatus.NO_CONTENT if body == DONE else HTTPStatus.OK


def written(body: Body) -> bytes:
    """The body as JSON, without the properties that are not set."""
    if isinstance(body, BaseModel):
        return body.model_dump_json(by_alias=True, exclude_none=True).encode()
    if isinstance(body, str):
        return json.dumps(body).encode()
    return b"[" + b",".join(map(written, body)) + b"]"


def as_csv(ids: Sequence[PersonIds]) -> bytes:
    """A line for each encounter below a line of titles, a comma and a blank between two fields, as OSIA shows it."""
    lines = ["PersonId, encounterId", *(f"{_field(each.person_id)}, {_field(each.encounter_id)}" for each in ids)]
    return "".join(f"{line}\n" for line in lines).encode()


def wants_csv(accept: str) -> bool:
    """Whether an Accept header asks for CSV."""
    return accept.partition(",")[0].partition(";")[0].strip().lower() == CSV


def _field(value: str) -> str:
    quoted = io.StringIO()
    csv.writer(quoted, lineterminator="").writerow([value])
    return quoted.getvalue()
