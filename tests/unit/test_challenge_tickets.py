"""Tickets of challenges that one host gave and another, whose clock differs, redeems."""

import time
from datetime import UTC, datetime

import pytest

from biometric_service.api.operations.challenge_tickets import CLOCKS_APART_S, Ticket, redeem
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.challenges import Turn
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.references import GalleryId, SubjectId

KEY, CALLER, LIFE_S = b"k" * 32, Caller("key:1", "gate-3", "gate"), 30.0


def given(ahead_s: float) -> Ticket:
    """A ticket of now, by a clock that goes ahead of this one."""
    now = time.time() + ahead_s
    return Ticket((Turn.FRONT, Turn.LEFT), SubjectId("P-1"), GalleryId("residents"), now, now + LIFE_S)


def refusal(ticket: Ticket) -> str:
    with pytest.raises(BiometricServiceError) as refused:
        redeem(ticket.sealed(KEY, CALLER), KEY, CALLER, lambda _, __: True)
    assert refused.value.code is ErrorCode.CHALLENGE_INVALID
    return refused.value.message


@pytest.mark.parametrize("ahead_s", [-LIFE_S - 1, -1, 0, 1, CLOCKS_APART_S])
def test_the_clock_of_the_host_that_gave_a_challenge_may_differ_a_little(ahead_s: float) -> None:
    ticket, used = given(ahead_s), dict[str, datetime]()

    def use(digest: str, until: datetime) -> bool:
        return used.setdefault(digest, until) is until

    assert redeem(ticket.sealed(KEY, CALLER), KEY, CALLER, use) == ticket
    assert min(used.values()) >= datetime.fromtimestamp(ticket.expires_at + 2 * CLOCKS_APART_S, UTC)


def test_frames_are_not_from_before_a_challenge_because_a_clock_is_ahead() -> None:
    ticket = given(CLOCKS_APART_S)
    assert ticket.elapsed(time.time() + 3) >= 3
    assert ticket.elapsed(ticket.issued_at + 3) <= 3 + CLOCKS_APART_S


def test_a_clock_that_is_further_off_is_said_to_be() -> None:
    assert refusal(given(CLOCKS_APART_S + 5)) == "The clocks of the service's hosts are too far apart."
    assert refusal(given(-LIFE_S - CLOCKS_APART_S - 5)) == "The time to answer the challenge is over."
