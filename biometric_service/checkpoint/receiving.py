"""A slice as it arrives: believed only where the service signed it, for this device, later than what is held."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from biometric_service.checkpoint.identity import DeviceIdentity
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.slices import content, envelope
from biometric_service.interchange.slices.sealing import unseal, untrusted
from biometric_service.vocabulary.slices import WHOLE, SliceContent, SliceHead

SKEW: Final = timedelta(minutes=5)
"""How far the clocks of the service and the device may differ."""


@dataclass(frozen=True, slots=True)
class ReceivedSlice:
    """``statement``: as the service signed it, by the key ``public_key`` (hex)."""

    head: SliceHead
    content: SliceContent
    statement: str
    public_key: str


def receive(
    data: bytes, identity: DeviceIdentity, service_key: str, held: SliceHead | None, now: datetime
) -> ReceivedSlice:
    """Open a slice that goes on from the held one, or stands alone.

    ``service_key``: the only key (hex) that is believed; empty to believe the first one that is met. SLICE_UNTRUSTED,
    SLICE_EXPIRED, SLICE_ROLLED_BACK, SLICE_INVALID.
    """
    found = envelope.disclose(data)
    head = found.head
    if service_key and found.public_key != service_key:
        raise untrusted("Another key signed it than that of this service.")
    if head.device != identity.id:
        raise untrusted(f"It is for the device {head.device}.")
    require_in_force(head, now)
    _require_next(head, held)
    plain = unseal(found.sealed, identity.key, envelope.binding_of(head))
    return ReceivedSlice(head, content.decode(plain), found.statement, found.public_key)


def require_in_force(head: SliceHead, now: datetime) -> None:
    """SLICE_EXPIRED for a slice that holds no longer, or by this device's clock not yet."""
    if now >= head.expires_at:
        raise expired(f"It held until {head.expires_at:%Y-%m-%d %H:%M} UTC.")
    if now < head.issued_at - SKEW:
        raise expired("By the clock of this device it is still to be issued.")


def expired(why: str) -> BiometricServiceError:
    """SLICE_EXPIRED."""
    return BiometricServiceError(
        ErrorCode.SLICE_EXPIRED,
        f"Nobody can be recognised here without the service: the slice does not hold. {why}",
        "Let two officers check by hand, bring the link back, and set the clock of this device.",
    )


def _require_next(head: SliceHead, held: SliceHead | None) -> None:
    if held is not None and head.number <= held.number:
        raise _rolled_back(f"It is number {head.number}, and number {held.number} was here already.")
    if head.base != WHOLE and (held is None or held.change != head.base):
        raise _rolled_back(f"It goes on from change {head.base}, which is not the one that is held.")


def _rolled_back(why: str) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.SLICE_ROLLED_BACK, f"The slice is not the next one. {why}", "Ask the service for a whole one."
    )
