"""What is known of a model: where its weights come from, what they hash to, what goes in and what comes out."""

import json
import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from biometric_service.errors import BiometricServiceError, ErrorCode

MANIFEST_FILE = "model.toml"
RECIPES = "biometric_service.weights.recipes"


class Task(StrEnum):
    """What a model is for; an engine is a program of another maker that does several stages by itself."""

    FINGERPRINT_ENGINE = "fingerprint-engine"
    FINGERPRINT_MINUTIAE = "fingerprint-minutiae"
    FACE_DETECTION = "face-detection"
    FACE_EMBEDDING = "face-embedding"


class Colour(StrEnum):
    """Order of the colour channels that a model takes."""

    BGR = "bgr"
    RGB = "rgb"
    GREY = "grey"


class Layout(StrEnum):
    """Order of the axes of a model's input: batch, channels, height, width."""

    NCHW = "nchw"
    NHWC = "nhwc"


def _below_its_folder(path: str) -> str:
    parts = path.split("/")
    if "\\" in path or any(part in {"", ".", ".."} for part in parts) or PurePosixPath(path).is_absolute():
        raise ValueError("must be a relative path with forward slashes and without '..'")
    return path


def _a_recipe(name: str) -> str:
    if find_spec(f"{RECIPES}.{name}") is None:
        raise ValueError(f"must name a module of {RECIPES}")
    return name


Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
RelativePath = Annotated[str, AfterValidator(_below_its_folder)]
ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+!_-]*$")]
Spdx = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+-]*( (AND|OR|WITH) [A-Za-z0-9][A-Za-z0-9.+-]*)*$")
]
RecipeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$"), AfterValidator(_a_recipe)]
MAVEN_FOLDERS = 3
_MAVEN_PATH = re.compile(r"[A-Za-z0-9._/-]+\Z")
PerChannel = float | tuple[float, float, float]
Point = tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class SourceFile(_Part):
    """One file of a source: where it lies in it, and the SHA-256 (hex) of what it must hold."""

    path: RelativePath
    sha256: Sha256


class AddressedFile(SourceFile):
    """A file to be had from an address of its own."""

    url: Annotated[str, StringConstraints(pattern=r"^https://[^\s/@]+/\S*$")]


class _Source(_Part):
    """``files``: the first is what the recipe is given, the others lie beside it by their paths.

    ``recipe``: module of ``weights.recipes`` that makes the model of them; without one the only file is the model.
    An engine has no recipe and is all of its files.
    """

    files: Annotated[tuple[SourceFile, ...], Field(min_length=1)]
    recipe: RecipeName | None = None


class FolderSource(_Source):
    """Files below the folder that the deployer supplies."""

    kind: Literal["file"]


class PypiSource(_Source):
    """Files of a distribution on PyPI; ``archive_sha256``: of the wheel or source distribution itself."""

    kind: Literal["pypi"]
    package: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]
    version: Version
    archive_sha256: Sha256


class NpmSource(_Source):
    """Files of a package on npm, by their path below the archive's ``package/``."""

    kind: Literal["npm"]
    package: Annotated[str, StringConstraints(pattern=r"^(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*$")]
    version: Version
    archive_sha256: Sha256


class AddressSource(_Source):
    """Files at addresses outside the registries; asked only for a model that is called by its name."""

    kind: Literal["url"]
    files: Annotated[tuple[AddressedFile, ...], Field(min_length=1)]


class MavenFile(SourceFile):
    """A jar on Maven Central, by its path in any Maven repository."""

    @property
    def coordinates(self) -> tuple[str, str, str]:
        """Its group, artifact and version."""
        *group, artifact, version, _ = self.path.split("/")
        return ".".join(group), artifact, version

    @model_validator(mode="after")
    def _lies_where_maven_puts_it(self) -> Self:
        _, artifact, version = self.coordinates if self.path.count("/") >= MAVEN_FOLDERS else ("", "", "")
        if not _MAVEN_PATH.match(self.path) or not self.path.endswith(f"/{artifact}-{version}.jar"):
            raise ValueError("must be group/artifact/version/artifact-version.jar")
        return self


class MavenSource(_Source):
    """Jars of an engine on Maven Central, each pinned, so that none is chosen by resolving dependencies."""

    kind: Literal["maven"]
    files: Annotated[tuple[MavenFile, ...], Field(min_length=1)]


Source = FolderSource | PypiSource | NpmSource | AddressSource | MavenSource


class ModelInput(_Part):
    """What the model is fed: ``(pixel - mean) * scale`` as float32, pixels 0 to 255.

    ``size``: (width, height), None where it takes any size that both ``multiple_of`` divides. ``mean``, ``scale``: one
    number, or three in the order of ``colour``. ``dpi``: of a fingerprint. ``alignment``: where the right eye, left
    eye, nose tip, right and left mouth corner (as seen, left to right) are put, (x, y) as fractions of the input.
    """

    colour: Colour
    layout: Layout = Layout.NCHW
    size: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] | None = None
    multiple_of: Annotated[int, Field(ge=1)] = 1
    mean: PerChannel = 0.0
    scale: PerChannel = 1.0
    dpi: Annotated[int, Field(ge=100, le=2000)] | None = None
    alignment: tuple[Point, Point, Point, Point, Point] | None = None


class ModelOutput(_Part):
    """What comes out: ``dimension`` of an embedding, or ``decoder``, the engine's name for how its outputs are read."""

    dimension: Annotated[int, Field(ge=2)] | None = None
    decoder: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$")] | None = None


NEEDED: Mapping[Task, tuple[str, ...]] = {
    Task.FINGERPRINT_ENGINE: (),
    Task.FINGERPRINT_MINUTIAE: ("input.dpi", "output.decoder"),
    Task.FACE_DETECTION: ("output.decoder",),
    Task.FACE_EMBEDDING: ("input.size", "input.alignment", "output.dimension"),
}


class Companion(_Part):
    """A second embedder whose vector is joined to the model's own: together they miss fewer faces than either.

    ``version``: of the companion that all of this was measured with. ``weight``: its share of a cosine, 0 to 1.
    ``calibration``: one table a comparator, for joined templates.
    """

    version: Version
    weight: Annotated[float, Field(gt=0, lt=1)]
    calibration: Mapping[str, Mapping[str, Any]]


class ModelManifest(_Part):
    """One model. ``version`` is part of the format of its templates: change it whenever their numbers may change.

    ``licence``: SPDX expression. ``redistributable``: whether a copy may be given on for commercial use.
    ``preference``: which model of a task is taken first, 1 before 2. ``calibration``: one table a comparator.
    ``companions``: of a face embedder, by name, the first that can be had is taken.
    """

    name: ModelName
    version: Version
    task: Task
    licence: Spdx
    redistributable: bool
    preference: Annotated[int, Field(ge=1)] = 100
    sources: Annotated[tuple[Annotated[Source, Field(discriminator="kind")], ...], Field(alias="source", min_length=1)]
    input: ModelInput
    output: ModelOutput
    calibration: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    companions: Mapping[ModelName, Companion] = Field(default_factory=dict, alias="companion")

    @model_validator(mode="after")
    def _becomes_one_model(self) -> Self:
        unmade = any(source.recipe is None and len(source.files) > 1 for source in self.sources)
        if unmade and self.task is not Task.FINGERPRINT_ENGINE:
            raise ValueError("a source of several files needs a recipe that makes one model of them")
        return self

    @model_validator(mode="after")
    def _says_what_its_task_needs(self) -> Self:
        given: Mapping[str, object] = {
            "input.size": self.input.size,
            "input.dpi": self.input.dpi,
            "input.alignment": self.input.alignment,
            "output.dimension": self.output.dimension,
            "output.decoder": self.output.decoder,
        }
        missing = [key for key in NEEDED[self.task] if given[key] is None]
        if missing:
            raise ValueError(f"a model for {self.task} must say {' and '.join(missing)}")
        return self


def read_manifest(path: Path) -> ModelManifest:
    """Read ``<name>/model.toml``; MODEL_INVALID names the file, the key and what is expected of it."""
    try:
        return ModelManifest.model_validate_json(json.dumps(tomllib.loads(path.read_text("utf-8")), default=str))
    except OSError as fault:
        raise _invalid(path, f"cannot be read ({fault.strerror})") from None
    except ValidationError as fault:
        raise _invalid(path, "; ".join(f"{_key(error['loc'])}: {error['msg']}" for error in fault.errors())) from None
    except ValueError as fault:
        raise _invalid(path, f"is not TOML ({fault})") from None


def _key(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "the whole"


def _invalid(path: Path, fault: str) -> BiometricServiceError:
    message = f"The manifest {path.parent.name}/{path.name} is not valid: {fault}."
    action = "Correct it as docs/how_to/bring_your_own_model.md describes."
    return BiometricServiceError(ErrorCode.MODEL_INVALID, message, action)
