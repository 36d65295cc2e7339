"""The policy file: TOML that says, line by line, what is wrong with it."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from biometric_service.decision.policy import DecisionPolicy, Question
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.decisions import OperatingPoint, PolicyStamp

DEFAULT_POLICY = Path(__file__).with_name("default_policy.toml")
LARGEST = 1_000_000
KEPT_KEYS = frozenset({"version", "sensors"})

Rate = Annotated[float, Field(gt=0, lt=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$")]


class _Point(BaseModel):
    """What every operating point may say."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    margin: float = Field(0.0, ge=0)
    quality: float = Field(0.0, ge=0, le=100)
    a_day: float = Field(0.0, ge=0)
    adjudicate: bool = True


class _Search(_Point):
    fpir: Rate
    review_fpir: Rate

    def rates(self) -> tuple[float, float]:
        return self.fpir, self.review_fpir


class _Duplicates(_Search):
    """Whoever may be enrolled twice is always judged by people."""

    adjudicate: Literal[True] = True


class _Claim(_Point):
    fmr: Rate
    review_fmr: Rate

    def rates(self) -> tuple[float, float]:
        return self.fmr, self.review_fmr


class _Purpose(BaseModel):
    """The questions that a purpose asks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    identification: _Search | None = None
    verification: _Claim | None = None
    duplicates: _Duplicates | None = None


VERSION = TypeAdapter(Annotated[str, StringConstraints(min_length=1, max_length=64)])
SENSORS = TypeAdapter(dict[str, Name])
PURPOSES = TypeAdapter(dict[Name, _Purpose])


def read_policy(path: Path) -> DecisionPolicy:
    """Read a policy file; SETTINGS_INVALID names every line that is wrong and what is expected there."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as fault:
        raise _invalid(path, f"it cannot be read ({fault.strerror})") from None
    if len(data) > LARGEST:
        raise _invalid(path, "it is larger than a policy can be")
    try:
        text = data.decode("utf-8")
        table = tomllib.loads(text)
    except ValueError as fault:
        raise _invalid(path, f"it is not TOML ({fault})") from None
    return _policy(path, text, table, hashlib.sha256(data).hexdigest())


def _policy(path: Path, text: str, table: Mapping[str, Any], digest: str) -> DecisionPolicy:
    try:
        version = _checked(VERSION, table.get("version"), "version")
        sensors = _checked(SENSORS, table.get("sensors", {}), "sensors")
        named = {name: each for name, each in table.items() if name not in KEPT_KEYS}
        purposes = _checked(PURPOSES, named)
    except _Wrong as wrong:
        raise _invalid(path, "; ".join(_at(text, place, what) for place, what in wrong.faults)) from None
    stamp = PolicyStamp(version, digest)
    asked = [(name, question, each) for name, purpose in purposes.items() for question, each in _asked(purpose)]
    faults = [
        _at(text, (name, question.value), "the rate of a match is larger than that of a review")
        for name, question, each in asked
        if each.rates()[0] > each.rates()[1]
    ]
    if faults:
        raise _invalid(path, "; ".join(faults))
    return DecisionPolicy(
        {(name, question): _operating_point(each, stamp) for name, question, each in asked},
        sensors,
        {(name, question): each.a_day for name, question, each in asked},
        stamp,
    )


def _asked(purpose: _Purpose) -> list[tuple[Question, _Search | _Claim]]:
    points = {
        Question.IDENTIFICATION: purpose.identification,
        Question.VERIFICATION: purpose.verification,
        Question.DUPLICATES: purpose.duplicates,
    }
    return [(question, point) for question, point in points.items() if point is not None]


def _operating_point(point: _Search | _Claim, stamp: PolicyStamp) -> OperatingPoint:
    match, review = point.rates()
    return OperatingPoint(match, review, point.margin, point.quality, stamp, point.adjudicate)


class _Wrong(Exception):  # noqa: N818 - carries faults to where the file's text is known
    """Where something is wrong, and what."""

    def __init__(self, faults: list[tuple[tuple[str, ...], str]]) -> None:
        super().__init__()
        self.faults = faults


def _checked(expected: TypeAdapter[Any], value: object, *above: str) -> Any:  # noqa: ANN401 - what the adapter says
    try:
        return expected.validate_python(value)
    except ValidationError as fault:
        places = [((*above, *(str(part) for part in each["loc"] if part != "[key]")), each) for each in fault.errors()]
        raise _Wrong([(place, each["msg"]) for place, each in places]) from None


def _at(text: str, place: tuple[str, ...], what: str) -> str:
    """One fault with its line: of the key, else of the innermost table that is there."""
    where = ".".join(place)
    for depth in range(len(place), 0, -1):
        line = _line_of(text, place[:depth])
        if line:
            return f"line {line}, {where}: {what}"
    return f"{where}: {what}"


def _line_of(text: str, place: tuple[str, ...]) -> int | None:
    """The line of a table's heading or of a key in it."""
    heading, key = ".".join(place), (".".join(place[:-1]), place[-1])
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        found = re.match(r"\s*\[([^\[\]]+)\]", line)
        if found:
            table = ".".join(part.strip().strip("\"'") for part in found[1].split("."))
            if table == heading:
                return number
        elif "=" in line and (table, line.split("=")[0].strip().strip("\"'")) == key:
            return number
    return None


def _invalid(path: Path, fault: str) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.SETTINGS_INVALID,
        f"The policy file {path.name} is not valid: {fault}.",
        "Correct it (docs/how_to/set_the_policy.md) and try it with biometric-service policy check.",
    )
