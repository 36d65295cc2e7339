"""A client of the service's own operations: typed, for threads (``Client``) and for asyncio (``AsyncClient``).

    with Client("https://biometrics.example", key) as client:
        finger = Image.fingerprint(data, Finger.RIGHT_INDEX)
        answer = client.ask(identification([finger], gallery="residents", purpose="roll-call"))
        print(answer.decision.outcome, answer.decision.subject)

A request that gets no answer, or one that says to come back, is sent again under its own idempotency key, so that it is
done once. A fault is a ``ServiceFault`` with the service's code.
"""

from biometric_service.api.operations.positions import Finger
from biometric_service.client.asking import (
    Request,
    challenge,
    challenge_answer,
    comparison,
    device_revocation,
    devices,
    encounter_deletion,
    encounters,
    enrolment,
    erasure,
    events,
    further_encounter,
    galleries,
    galleries_change,
    gallery_deletion,
    identification,
    identification_among,
    identification_batch,
    merge,
    move,
    movement_check,
    movement_report,
    new_device,
    new_gallery,
    status_change,
    subject,
    subjects,
    unmerge,
    verification,
)
from biometric_service.client.faults import NoAnswer, ServiceFault
from biometric_service.client.images import Image
from biometric_service.client.retrying import Patience
from biometric_service.client.sending import AsyncClient, Client, Connection

__all__ = [
    "AsyncClient",
    "Client",
    "Connection",
    "Finger",
    "Image",
    "NoAnswer",
    "Patience",
    "Request",
    "ServiceFault",
    "challenge",
    "challenge_answer",
    "comparison",
    "device_revocation",
    "devices",
    "encounter_deletion",
    "encounters",
    "enrolment",
    "erasure",
    "events",
    "further_encounter",
    "galleries",
    "galleries_change",
    "gallery_deletion",
    "identification",
    "identification_among",
    "identification_batch",
    "merge",
    "move",
    "movement_check",
    "movement_report",
    "new_device",
    "new_gallery",
    "status_change",
    "subject",
    "subjects",
    "unmerge",
    "verification",
]
