"""The JSON paths of OSIA's ``encryption`` and ``integrity``: names, ``[n]`` and ``[*]`` from what holds them."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from biometric_service.api.osia.allowance import Allowance
from biometric_service.errors import BiometricServiceError, ErrorCode

MOST_PATHS = 64
"""Paths in one scope; a path has up to 16 steps."""

_PATH = re.compile(r"\$((?:\.[A-Za-z0-9_]+|\[(?:\d{1,4}|\*)\]){1,16})")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d{1,4}|\*)\]")

Node = tuple[Any, Any]
"""A list or an object, and the place in it."""
Steps = Sequence[str]


def steps_of(scope: str) -> list[Steps]:
    """The steps of every path of a scope, which whitespace separates; REQUEST_INVALID, also for too many of them."""
    paths = scope.split(None, MOST_PATHS)
    if len(paths) > MOST_PATHS:
        raise _refused(f"has more than {MOST_PATHS} paths")
    return [_steps(path) for path in paths]


def nodes_at(holder: Any, steps: Steps, allowance: Allowance) -> list[Node]:  # noqa: ANN401 - JSON
    """The nodes that a path leads to; REQUEST_INVALID where a step leads nowhere, REQUEST_TOO_LARGE."""
    places: list[Any] = [holder]
    for step in steps[:-1]:
        places = [place[name] for each in places for place, name in _within(each, step, allowance)]
    return [node for each in places for node in _within(each, steps[-1], allowance)]


def limited_to(holder: Any, paths: Iterable[Steps], allowance: Allowance) -> Any:  # noqa: ANN401 - JSON
    """A copy that has only the nodes that the paths lead to; items of a list close up. Raises as ``nodes_at``."""
    onward: dict[Any, list[Steps]] = {}
    for steps in paths:
        if not steps:
            return holder
        for _, name in _within(holder, steps[0], allowance):
            onward.setdefault(name, []).append(steps[1:])
    kept = {name: limited_to(holder[name], further, allowance) for name, further in onward.items()}
    return kept if isinstance(holder, dict) else [kept[index] for index in sorted(kept)]


def _steps(path: str) -> Steps:
    matched = _PATH.fullmatch(path)
    if matched is None:
        raise _refused("is not a list of plain JSON paths")
    return [name or index for name, index in _STEP.findall(matched[1])]


def _within(place: Any, step: str, allowance: Allowance) -> list[Node]:  # noqa: ANN401 - JSON
    allowance.take(steps=len(place) if step == "*" and isinstance(place, list) else 1)
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
