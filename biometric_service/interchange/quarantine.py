"""Looking after what is held: handing it out, and letting go of it when its time is over."""

from datetime import datetime

from biometric_service.interchange.exchange import Occasion
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.latents import LatentStore
from biometric_service.vocabulary.transactions import HoldState, QuarantineStore


def release(quarantine: QuarantineStore, held: str, caller: Caller) -> bytes:
    """Hand a held transaction out as it came, and hold it no longer; TRANSACTION_UNKNOWN."""
    data = quarantine.data(held)
    facts = {"held": held, "state": HoldState.RELEASED.value}
    quarantine.settle(held, HoldState.RELEASED, Occasion(caller).event(EventKind.TRANSACTION_RELEASED, facts))
    return data


def due(quarantine: QuarantineStore, latents: LatentStore, now: datetime) -> tuple[int, int]:
    """How many held transactions and latents ``expire`` would delete at a moment."""
    return quarantine.due(now), latents.due(now)


def expire(quarantine: QuarantineStore, latents: LatentStore, caller: Caller) -> tuple[int, int]:
    """Delete held transactions and latents whose time is over; returns how many of each."""
    occasion = Occasion(caller)
    held = quarantine.expire(occasion.event(EventKind.TRANSACTIONS_EXPIRED, {"of": "held transactions"}))
    return held, latents.expire(occasion.event(EventKind.TRANSACTIONS_EXPIRED, {"of": "latents"}))
