"""The JSON paths of OSIA's ``encryption`` and ``integrity``: names, ``[n]`` and ``[*]`` from what holds them."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from biometric_service.errors import BiometricServiceError, ErrorCode

_PATH = re.compile(r"\$((?:\.[A-Za-z0-9_]+|\[(?:\d{1,4}|\*)\])+)")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d{1,4}|\*)\]")

Node = tuple[Any, Any]
"""A list or an object, and the place in it."""
Steps = Sequence[str]


def steps_of(scope: str) -> list[Steps]:
    """The steps of every path of a scope, which whitespace separates; REQUEST_INVALID."""
    return [_steps(path) for path in scope.split()]


def nodes_at(holder: Any, steps: Steps) -> list[Node]:  # noqa: ANN401 - JSON
    """The nodes that a path leads to, at least one; REQUEST_INVALID where a step leads nowhere."""
    places: list[Any] = [holder]
    for step in steps[:-1]:
        places = [place[name] for each in places for place, name in _within(each, step)]
    return [node for each in places for node in _within(each, steps[-1])]


def limited_to(holder: Any, paths: Iterable[Steps]) -> Any:  # noqa: ANN401 - JSON
    """A copy that has only the nodes that the paths lead to; items of a list close up. REQUEST_INVALID as before."""
    onward: dict[Any, list[Steps]] = {}
    for steps in paths:
        if not steps:
            return holder
        for _, name in _within(holder, steps[0]):
            onward.setdefault(name, []).append(steps[1:])
    kept = {name: limited_to(holder[name], further) for name, further in onward.items()}
    return kept if isinstance(holder, dict) else [kept[index] for index in sorted(kept)]


def _steps(path: str) -> Steps:
    matched = _PATH.fullmatch(path)
    if matched is None:
        raise _refused("is not a list of plain JSON paths")
    return [name or index for name, index in _STEP.findall(matched[1])]


def _within(place: Any, step: str) -> list[Node]:  # noqa: ANN401 - JSON
    if isinstance(place, dict) and step in place:
        return [(place, step)]
    if isinstance(place, list) and step == "*":
        return [(place, index) for index in range(len(place))]
    if isinstance(place, list) and step.isdigit() and int(step) < len(place):
        return [(place, int(step))]
    raise _refused("names a node that is not there")


def _refused(why: str) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.REQUEST_INVALID,
        f"The scope of what is encrypted or hashed {why}.",
        "Write paths such as $.biometricData[*].image, from the object that holds the scope.",
    )
