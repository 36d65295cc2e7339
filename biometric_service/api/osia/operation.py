"""What an operation of OSIA's contract is, and how its parameters and body are read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from biometric_service.api.errors import invalid_request
from biometric_service.api.osia.answer import Body
from biometric_service.api.osia.errand import Errand
from biometric_service.api.osia.fetching import Side
from biometric_service.api.osia.schemas.parameters import Parameters
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.references import GalleryId, SubjectId

Asked = TypeVar("Asked", bound=Parameters)
Sent = TypeVar("Sent", bound=BaseModel)
Read = TypeVar("Read", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Operation(Generic[Asked, Sent]):
    """One operation.

    ``name``: its operationId. ``statuses``: those that the contract has. ``galleries``: what the caller must reach
    before it is begun. ``subjects``: whose tasks are done in the order in which they came. ``recognises``: whether it
    is work for a processor. ``items``: the biometric items of a body. ``body_needed``: False where the body may be left
    out.
    """

    name: str
    method: str
    path: str
    scope: Scope
    statuses: frozenset[int]
    parameters: type[Asked]
    body: type[Sent]
    work: Callable[[Errand, Asked, Sent], Body]
    galleries: Callable[[Asked, Sent], Iterable[GalleryId]] = lambda *_: ()
    subjects: Callable[[Asked], tuple[SubjectId, ...]] = lambda _: ()
    recognises: bool = False
    items: Callable[[Sent], Sequence[Side]] = lambda _: ()
    body_needed: bool = True

    def read_parameters(self, given: Mapping[str, str]) -> Asked:
        """Path and query; REQUEST_INVALID."""
        return _read(self.parameters.model_validate, dict(given))

    def read_body(self, text: bytes) -> Sent:
        """The JSON text, by OSIA's names alone: a property that has another could go unchecked. REQUEST_INVALID."""
        validate = partial(self.body.model_validate_json, by_name=False)
        return _read(validate, text if text.strip() or self.body_needed else b"{}")


AnyOperation = Operation[Any, Any]


def _read(validate: Callable[[Any], Read], given: object) -> Read:
    try:
        return validate(given)
    except ValidationError as fault:
        raise invalid_request(fault.errors(include_url=False, include_context=False, include_input=False)) from None
