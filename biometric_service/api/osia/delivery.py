"""Sending a result to its callback, signed as Standard Webhooks has it.

``webhook-id`` is the id of the task and stays the same however often the result is sent; ``webhook-timestamp`` is the
moment of sending in seconds since 1970; ``webhook-signature`` is ``v1,`` and the base64 of HMAC-SHA256, under the
deployment's secret, over id, timestamp and body with dots between them.
"""

import base64
import hashlib
import hmac
import random
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

from biometric_service.vocabulary.tasks import TaskDelivery

JSON, ERROR_JSON = "application/json", "application/error+json"
LONGEST_PAUSE_S = 3600.0
SECRET_PREFIX = "whsec_"  # noqa: S105 - marks a secret, is none


def secret_of(written: str, otherwise: bytes) -> bytes:
    """The key of a secret as Standard Webhooks writes one (or any text), else that of the store."""
    if not written:
        return otherwise
    if written.startswith(SECRET_PREFIX):
        return base64.b64decode(written.removeprefix(SECRET_PREFIX))
    return written.encode()


def written_secret(key: bytes) -> str:
    """The key as receivers are given it."""
    return SECRET_PREFIX + base64.b64encode(key).decode()


def address_of(callback: str, transaction: str, task: str) -> str:
    """The callback with what it is about in its query, behind what is there."""
    parts = urlsplit(callback)
    about = urlencode({"transactionId": transaction, "taskId": task})
    return urlunsplit(parts._replace(query=f"{parts.query}&{about}" if parts.query else about))


def headers_of(delivery: TaskDelivery, key: bytes, seconds: int) -> Mapping[str, str]:
    """Type of the content, and the signature."""
    signed = f"{delivery.id}.{seconds}.".encode() + delivery.result
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {
        "Content-Type": ERROR_JSON if delivery.failed else JSON,
        "webhook-id": delivery.id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{signature}",
    }


def pause(attempt: int, first_s: float) -> float:
    """Seconds until the next attempt: twice as long each time, up to an hour, less a random part up to a half.

    ``attempt``: how many there were.
    """
    longest = min(first_s * 2.0 ** min(attempt - 1, 30), LONGEST_PAUSE_S)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - to spread load, not to hide anything
