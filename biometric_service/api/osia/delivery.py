"""Where the result of a task goes, and what its delivery says; signed as all that is sent (``outbound.webhooks``)."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

from biometric_service.outbound.webhooks import signed_headers
from biometric_service.vocabulary.tasks import TaskDelivery

JSON, ERROR_JSON = "application/json", "application/error+json"


def address_of(callback: str, transaction: str, task: str) -> str:
    """The callback with what it is about in its query, behind what is there."""
    parts = urlsplit(callback)
    about = urlencode({"transactionId": transaction, "taskId": task})
    return urlunsplit(parts._replace(query=f"{parts.query}&{about}" if parts.query else about))


def headers_of(delivery: TaskDelivery, key: bytes, seconds: int) -> Mapping[str, str]:
    """Type of the content, and the signature under the id of the task."""
    kind = ERROR_JSON if delivery.failed else JSON
    return {"Content-Type": kind, **signed_headers(delivery.id, delivery.result, (key,), seconds)}
