"""How much of one body is opened and checked before anybody reads it; more is refused, however it is spread."""

from dataclasses import dataclass

from biometric_service.errors import BiometricServiceError, ErrorCode

MOST_KEYS = 256
"""Encrypted nodes and blocks of integrity together: for each of them a key is used."""
MOST_STEPS = 250_000
"""Nodes that paths lead over, and nodes and escaped characters that are hashed: each takes a few microseconds."""
TIMES = 4
"""How often a byte may be hashed: before and after it is opened, with its item and with the whole body."""
SMALL = 1_000_000


@dataclass(slots=True)
class Allowance:
    """What is left of it. ``size``: bytes to hash."""

    size: int
    keys: int = MOST_KEYS
    steps: int = MOST_STEPS

    def take(self, *, keys: int = 0, steps: int = 0, size: int = 0) -> None:
        """REQUEST_TOO_LARGE where less is left."""
        self.keys -= keys
        self.steps -= steps
        self.size -= size
        if min(self.keys, self.steps, self.size) < 0:
            raise BiometricServiceError(
                ErrorCode.REQUEST_TOO_LARGE,
                "More of the request is encrypted or hashed, or in more pieces, than one request may have.",
                "Protect larger nodes as one, or send fewer items at a time.",
            )


def allowance_for(body: bytes) -> Allowance:
    """What a body of this length may have done."""
    return Allowance(TIMES * len(body) + SMALL)
