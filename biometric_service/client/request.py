"""One request with the type of its answer."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx
from pydantic import BaseModel

from biometric_service.api.operations import OPERATIONS
from biometric_service.client.images import Form

IDEMPOTENCY = "Idempotency-Key"
BOUNDARY = 32

Given = TypeVar("Given", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Request(Generic[Given]):
    """A request that can be sent as often as it takes: ``key`` makes the service do it once."""

    method: str
    path: str
    answer: type[Given]
    query: Mapping[str, str]
    body: Mapping[str, Any] | Form | None
    key: str

    def on(self, client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """As one of httpx."""
        form_data = self.body if isinstance(self.body, Form) else None
        return client.build_request(
            self.method,
            self.path,
            params=dict(self.query) or None,
            json=None if form_data else self.body,
            data=dict(form_data.data) if form_data else None,
            files=dict(form_data.files) if form_data else None,
            headers=self._headers(),
        )

    def _headers(self) -> Mapping[str, str]:
        """A form has the same boundary each time: only the very same request is known again by its key."""
        if self.method == "GET":
            return {}
        boundary = hashlib.sha256(self.key.encode()).hexdigest()[:BOUNDARY]
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"} if isinstance(self.body, Form) else {}
        return {IDEMPOTENCY: self.key, **kind}

    def read(self, answer: httpx.Response) -> Given:
        """The answer, typed; fields that a newer service adds are passed over."""
        return self.answer.model_validate_json(answer.content, extra="ignore")


def submit(path: str, answer: type[Given], body: Mapping[str, Any] | Form) -> Request[Given]:
    """Make, do or ask something that takes a body."""
    return Request("POST", f"{OPERATIONS}/{path}", answer, {}, body, uuid4().hex)


def put(path: str, answer: type[Given], body: Mapping[str, Any]) -> Request[Given]:
    """Set something."""
    return Request("PUT", f"{OPERATIONS}/{path}", answer, {}, body, uuid4().hex)


def get(path: str, answer: type[Given], purpose: str, **query: str) -> Request[Given]:
    """Read something."""
    return Request("GET", f"{OPERATIONS}/{path}", answer, {"purpose": purpose, **query}, None, "")


def delete(path: str, answer: type[Given], purpose: str) -> Request[Given]:
    """End something."""
    return Request("DELETE", f"{OPERATIONS}/{path}", answer, {"purpose": purpose}, None, uuid4().hex)


def quoted(name: str) -> str:
    """A name as a part of a path."""
    return quote(name, safe="")
