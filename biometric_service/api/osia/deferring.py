"""Calls that are answered later: kept as tasks when they come, and done as if they came then."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import uuid4

from pydantic import BaseModel, ConfigDict

from biometric_service.api.osia.contract import OPERATIONS
from biometric_service.api.osia.errand import Errand
from biometric_service.api.osia.operation import AnyOperation
from biometric_service.api.osia.schemas.parameters import Deferrable
from biometric_service.api.osia.schemas.tasks import TaskId
from biometric_service.api.services import Services
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.access import Device, Principal, Token
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import GalleryId
from biometric_service.vocabulary.tasks import Commission, TaskWork

BY_NAME: Mapping[str, AnyOperation] = {operation.name: operation for operation in OPERATIONS}
_END_OF_HEAD = b"\n"


class Proof(StrEnum):
    """By what whoever called was let in; NONE is never in force."""

    KEY = "key"
    TOKEN = "token"  # noqa: S105
    DEVICE = "device"
    NONE = ""


class Head(BaseModel):
    """What a task is and for whom, ahead of the body of the call.

    ``principal``: the id of the key, of the device or of the token's client. ``expires_at``: of it, None for never.
    """

    model_config = ConfigDict(frozen=True)

    operation: str
    parameters: str
    actor: str
    purpose: str
    device: str
    transaction: str
    owner: str = ""
    legal_basis: str = ""
    reach: tuple[GalleryId, ...]
    proof: Proof = Proof.NONE
    principal: str = ""
    expires_at: datetime | None = None


class Reply(BaseModel):
    """Where the result goes; ``operation``: of which it is."""

    model_config = ConfigDict(frozen=True)

    callback: str
    transaction: str
    operation: str


@dataclass(frozen=True, slots=True)
class Recalled:
    """A task made ready to be done."""

    operation: AnyOperation
    errand: Errand
    parameters: Mapping[str, str]
    body: bytes


def defer(  # noqa: PLR0913, PLR0917 - who calls, and the parts of the call
    errand: Errand, principal: Principal, operation: AnyOperation, asked: Deferrable, callback: str, body: bytes
) -> TaskId:
    """Keep the call as a task; URL_REFUSED for a callback that may not be asked, RATE_LIMITED for too many tasks."""
    services, caller = errand.services, errand.caller
    services.outbound.require(callback)
    head = Head(
        operation=operation.name,
        parameters=asked.model_dump_json(by_alias=True, exclude_none=True),
        actor=caller.actor,
        purpose=caller.purpose,
        device=caller.device,
        transaction=caller.transaction,
        owner=caller.owner,
        legal_basis=caller.legal_basis,
        reach=tuple(sorted(errand.reach)),
        proof=_proof_of(principal),
        principal=principal.id,
        expires_at=principal.expires_at,
    )
    reply = Reply(callback=callback, transaction=caller.transaction, operation=operation.name)
    commission = Commission(
        id=str(uuid4()),
        actor=caller.actor,
        priority=asked.priority,
        subjects=tuple(dict.fromkeys(operation.subjects(asked))),
        request=head.model_dump_json().encode() + _END_OF_HEAD + body,
        reply=reply.model_dump_json().encode(),
        at=datetime.now(UTC),
    )
    services.tasks.add(commission, services.settings.tasks_waiting, services.settings.caller_tasks)
    return TaskId(task_id=commission.id, others={"status": f"/v1/tasks/{commission.id}/status"})


def recall(services: Services, work: TaskWork) -> Recalled:
    """The task as it was kept; NOT_AUTHORISED, and in the audit log, where whoever gave it may not call any more."""
    text, _, body = work.request.partition(_END_OF_HEAD)
    head = Head.model_validate_json(text)
    caller = Caller(head.actor, head.purpose, head.device, head.transaction, head.legal_basis, head.owner)
    errand = Errand(services, caller, frozenset(head.reach), work.id, again=work.attempt > 1)
    if not _in_force(services, head):
        raise _ended(errand, head)
    parameters = {name: str(value) for name, value in json.loads(head.parameters).items()}
    return Recalled(BY_NAME[head.operation], errand, parameters, body)


def _proof_of(principal: Principal) -> Proof:
    if isinstance(principal, Device):
        return Proof.DEVICE
    return Proof.TOKEN if isinstance(principal, Token) else Proof.KEY


def _in_force(services: Services, head: Head) -> bool:
    """Whether whoever gave the task would be let in now; of a token its expiry alone tells."""
    if head.expires_at is not None and head.expires_at <= datetime.now(UTC):
        return False
    if head.proof is Proof.DEVICE:
        return services.devices.named(head.principal) is not None
    if head.proof is Proof.KEY:
        return any(key.id == head.principal for key in services.api_keys.keys())  # noqa: SIM118 - not a mapping
    return head.proof is Proof.TOKEN


def _ended(errand: Errand, head: Head) -> BiometricServiceError:
    why = "Whoever gave the task was revoked, or their access expired, before it was done."
    errand.services.store.record(
        errand.event(EventKind.ACCESS_REFUSED, details={"why": why, "operation": head.operation})
    )
    return BiometricServiceError(ErrorCode.NOT_AUTHORISED, why, "Ask again with access that is in force.")


def statuses_of(work: TaskWork) -> frozenset[int]:
    """The statuses that the contract has for the operation."""
    return BY_NAME[Head.model_validate_json(work.request.partition(_END_OF_HEAD)[0]).operation].statuses
