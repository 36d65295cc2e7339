"""Which turns are asked for, and whether frames show them in that order."""

import secrets
from collections.abc import Callable, Sequence
from itertools import groupby

from biometric_service.vocabulary.challenges import ChallengeCheck, ChallengeFinding, ChallengeFrame, Turn

FRONT = 12.0
TURNED = 14.0
"""Degrees of yaw, either way: up to the one is front, from the other is turned; between is on the way."""


def draw(turns: int, choose: Callable[[Sequence[Turn]], Turn] = secrets.choice) -> tuple[Turn, ...]:
    """Front, then so many turns, each another pose than the one before; both sides are among them (2 turns or more).

    Every sequence of that kind is as likely; nobody can foretell it unless ``choose`` lets them.
    """
    while True:
        poses = [Turn.FRONT]
        for _ in range(turns):
            poses.append(choose([turn for turn in Turn if turn is not poses[-1]]))
        if {Turn.LEFT, Turn.RIGHT} <= set(poses):
            return tuple(poses)


def pose(frame: ChallengeFrame) -> Turn | None:
    """Where the head is turned in a frame; None on the way from one pose to another."""
    if abs(frame.yaw) <= FRONT:
        return Turn.FRONT
    if abs(frame.yaw) < TURNED:
        return None
    return Turn.LEFT if frame.yaw > 0 else Turn.RIGHT


def turns_taken(frames: Sequence[ChallengeFrame]) -> list[tuple[Turn, tuple[ChallengeFrame, ...]]]:
    """The poses in their order, each with the frames that show it."""
    shown = [(turn, frame) for frame in frames if (turn := pose(frame)) is not None]
    return [(turn, tuple(frame for _, frame in run)) for turn, run in groupby(shown, key=lambda each: each[0])]


def follows(frames: Sequence[ChallengeFrame], asked: Sequence[Turn]) -> ChallengeFinding:
    """Whether the frames show the turns that were asked, no more, no fewer and no others."""
    taken = [turn for turn, _ in turns_taken(frames)]
    followed = taken == list(asked)
    said = f"{', '.join(taken) or 'nothing'} was shown, {', '.join(asked)} was asked."
    return ChallengeFinding(ChallengeCheck.SEQUENCE, followed, "The head was turned as asked." if followed else said)
