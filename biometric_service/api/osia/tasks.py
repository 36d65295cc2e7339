"""Tasks by OSIA's contract: how far one has got, and sending its result once more."""

from datetime import UTC, datetime

from biometric_service.api.osia.answer import DONE
from biometric_service.api.osia.errand import Errand
from biometric_service.api.osia.schemas.parameters import Task
from biometric_service.api.osia.schemas.sets import Nothing
from biometric_service.references.refusals import task_unknown
from biometric_service.vocabulary.references import ALL_GALLERIES
from biometric_service.vocabulary.tasks import TaskStatus


def read_status(errand: Errand, asked: Task, _: Nothing) -> str:
    """How far a task of the caller has got; TASK_UNKNOWN."""
    return _own(errand, asked).value


def redeliver(errand: Errand, asked: Task, _: Nothing) -> str:
    """Send the result of a task of the caller once more; TASK_UNKNOWN."""
    _own(errand, asked)
    errand.services.tasks.redeliver(asked.task_id, datetime.now(UTC))
    return DONE


def _own(errand: Errand, asked: Task) -> TaskStatus:
    """A task of somebody else reads like none, but for who reaches everything."""
    state = errand.services.tasks.state(asked.task_id)
    if state.actor != errand.caller.actor and ALL_GALLERIES not in errand.reach:
        raise task_unknown()
    return state.status
