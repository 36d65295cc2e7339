"""Calls that are answered later: kept as tasks when they come, and done as if they came then."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from pydantic import BaseModel, ConfigDict

from biometric_service.api.osia.contract import OPERATIONS
from biometric_service.api.osia.errand import Errand
from biometric_service.api.osia.operation import AnyOperation
from biometric_service.api.osia.schemas.parameters import Deferrable
from biometric_service.api.osia.schemas.tasks import TaskId
from biometric_service.api.services import Services
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.references import GalleryId
from biometric_service.vocabulary.tasks import Commission, TaskWork

BY_NAME: Mapping[str, AnyOperation] = {operation.name: operation for operation in OPERATIONS}
_END_OF_HEAD = b"\n"


class Head(BaseModel):
    """What a task is and for whom, ahead of the body of the call."""

    model_config = ConfigDict(frozen=True)

    operation: str
    parameters: str
    actor: str
    purpose: str
    device: str
    transaction: str
    owner: str = ""
    reach: tuple[GalleryId, ...]


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


def defer(errand: Errand, operation: AnyOperation, asked: Deferrable, callback: str, body: bytes) -> TaskId:
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
        reach=tuple(sorted(errand.reach)),
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
    services.tasks.add(commission, services.settings.tasks_waiting)
    return TaskId(task_id=commission.id, others={"status": f"/v1/tasks/{commission.id}/status"})


def recall(services: Services, work: TaskWork) -> Recalled:
    """The task as it was kept."""
    text, _, body = work.request.partition(_END_OF_HEAD)
    head = Head.model_validate_json(text)
    caller = Caller(head.actor, head.purpose, head.device, head.transaction, owner=head.owner)
    errand = Errand(services, caller, frozenset(head.reach), work.id, again=work.attempt > 1)
    parameters = {name: str(value) for name, value in json.loads(head.parameters).items()}
    return Recalled(BY_NAME[head.operation], errand, parameters, body)


def statuses_of(work: TaskWork) -> frozenset[int]:
    """The statuses that the contract has for the operation."""
    return BY_NAME[Head.model_validate_json(work.request.partition(_END_OF_HEAD)[0]).operation].statuses
