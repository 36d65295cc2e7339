"""What items keep behind URLs, fetched before a processor is taken: a slow host holds up nobody but its own callers."""

import time
from collections.abc import Iterable, Mapping, Sequence

from biometric_service.api.osia.schemas.biometrics import BiometricData
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.outbound.gate import OutboundGate
from biometric_service.settings import Settings

Side = Sequence[BiometricData]
"""Items that belong together."""
Fetched = Mapping[str, bytes]
"""What is there, by URL."""


def addresses_in(sides: Iterable[Side]) -> list[str]:
    """The URLs of images and templates that are not sent themselves, each once."""
    found = (address for items in sides for data in items for address in _addresses(data))
    return list(dict.fromkeys(found))


def fetch(outbound: OutboundGate, settings: Settings, sides: Sequence[Side], until: float) -> Fetched:
    """All that is behind URLs; ``until``: when it must be there, by ``time.monotonic``.

    REQUEST_TOO_LARGE, URL_REFUSED, URL_UNREACHABLE.
    """
    for items in sides:
        require_few(settings, items)
    fetched: dict[str, bytes] = {}
    left = settings.max_request_bytes
    for url in addresses_in(sides):
        fetched[url] = outbound.get(url, within=until - time.monotonic())
        left -= len(fetched[url])
        if left < 0:
            message = f"What the URLs lead to is more than {settings.max_request_bytes} bytes together."
            raise BiometricServiceError(ErrorCode.REQUEST_TOO_LARGE, message, "Send fewer at a time.")
    return fetched


def require_few(settings: Settings, items: Side) -> None:
    """REQUEST_TOO_LARGE where there are more items than a request may hold."""
    if len(items) > settings.max_request_images:
        message = f"The request holds more than {settings.max_request_images} biometric items."
        raise BiometricServiceError(ErrorCode.REQUEST_TOO_LARGE, message, "Send fewer at a time.")


def _addresses(data: BiometricData) -> list[str]:
    pairs = ((data.image, data.image_ref), (data.template, data.template_ref))
    return [str(url) for sent, url in pairs if sent is None and url]
