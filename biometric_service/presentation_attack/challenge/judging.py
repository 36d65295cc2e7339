"""The frames that answer a challenge are judged."""

from collections.abc import Sequence
from itertools import pairwise

from biometric_service.presentation_attack.challenge.depth import turns_in_depth
from biometric_service.presentation_attack.challenge.sequence import follows
from biometric_service.vocabulary.challenges import ChallengeCheck, ChallengeFinding, ChallengeFrame, Turn

SAME_PERSON = 3.0
"""-log10 FMR that every face must reach against the first: a stranger's does in one of a thousand."""
LONGEST_GAP = 2.0
"""Seconds between two frames: in more, somebody else or something else could step in."""
FASTEST = 300.0
"""Degrees a second: heads do not turn faster when asked."""
SLACK = 0.1
"""Seconds by which the clock of a post may go faster than ours while a challenge lasts."""


def judge(frames: Sequence[ChallengeFrame], asked: Sequence[Turn], elapsed: float) -> tuple[ChallengeFinding, ...]:
    """Every check of the frames, two or more in the order in which they were taken.

    ``elapsed``: seconds from asking to the answer by the clock of whoever asked.
    """
    return (
        follows(frames, asked),
        _timing(frames, elapsed),
        _no_frame_twice(frames),
        _same_person(frames),
        turns_in_depth(frames),
    )


def _timing(frames: Sequence[ChallengeFrame], elapsed: float) -> ChallengeFinding:
    pairs = list(pairwise(frames))
    gaps = [after.at - before.at for before, after in pairs]
    if min(gaps) <= 0:
        return _finding(ChallengeCheck.TIMING, "The frames are not in the order of their times.")
    if max(gaps) > LONGEST_GAP:
        return _finding(ChallengeCheck.TIMING, f"{max(gaps):.1f} s passed between two frames.")
    if frames[-1].at - frames[0].at > elapsed + SLACK:
        return _finding(ChallengeCheck.TIMING, "The frames span more time than has passed since the challenge.")
    fastest = max(abs(after.yaw - before.yaw) / gap for (before, after), gap in zip(pairs, gaps, strict=True))
    if fastest > FASTEST:
        return _finding(ChallengeCheck.TIMING, f"The head turns by {fastest:.0f} degrees a second.")
    return _passed(ChallengeCheck.TIMING, "The frames follow one another as those of a turning head.")


def _no_frame_twice(frames: Sequence[ChallengeFrame]) -> ChallengeFinding:
    if len({frame.digest for frame in frames}) < len(frames):
        return _finding(ChallengeCheck.NO_FRAME_TWICE, "A frame was sent twice.")
    return _passed(ChallengeCheck.NO_FRAME_TWICE, "No two frames are the same.")


def _same_person(frames: Sequence[ChallengeFrame]) -> ChallengeFinding:
    least = min(frame.likeness for frame in frames[1:])
    if least < SAME_PERSON:
        return _finding(ChallengeCheck.SAME_PERSON, f"A face is not the first one's (score {least:.1f}).")
    return _passed(ChallengeCheck.SAME_PERSON, f"All frames are of one person (least score {least:.1f}).")


def _finding(check: ChallengeCheck, why: str) -> ChallengeFinding:
    return ChallengeFinding(check, passed=False, why=why)


def _passed(check: ChallengeCheck, why: str) -> ChallengeFinding:
    return ChallengeFinding(check, passed=True, why=why)
