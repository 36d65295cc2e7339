"""Taking a deployer's own model in: everything is checked before anything is copied."""

import filecmp
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from biometric_service.durable_files import ANYBODY, replacing
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.weights.agreement import require_agreement
from biometric_service.weights.building import MODEL_FILE, build_from
from biometric_service.weights.digests import require_sha256
from biometric_service.weights.manifest import MANIFEST_FILE, FolderSource, ModelManifest, read_manifest

GIVE_RIGHT = "Give the weights that the manifest describes, or correct its sha256."


def add_model(given: Path, weights: Path, manifests_dir: Path, models_dir: Path | None) -> ModelManifest:
    """Copy the manifest ``given`` (or the one in that folder) and its weights to where the shelf looks for them.

    MODEL_HASH_MISMATCH where the weights, or a file that is there already, are not what the manifest says;
    MODEL_INVALID where they contradict it or the name is taken; SETTINGS_INVALID without a folder for weights.
    Nothing that is there is changed or removed.
    """
    path = given / MANIFEST_FILE if given.is_dir() else given
    manifest = read_manifest(path)
    file = _single_file(manifest)
    _require_readable(weights)
    require_sha256(weights, file.files[0].sha256, f"The file given for {manifest.name}", GIVE_RIGHT)
    _require_fit(manifest, file, weights)
    if models_dir is None:
        message = "There is no folder for the deployer's weights."
        action = "Set BIOMETRIC_MODELS_DIR to a folder that outlives this installation."
        raise BiometricServiceError(ErrorCode.SETTINGS_INVALID, message, action)
    _copy_weights(weights, models_dir / file.files[0].path, file.files[0].sha256)
    _copy_manifest(path, manifests_dir / manifest.name / MANIFEST_FILE)
    return manifest


def _single_file(manifest: ModelManifest) -> FolderSource:
    for source in manifest.sources:
        if isinstance(source, FolderSource) and len(source.files) == 1:
            return source
    message = f"The manifest of {manifest.name} has no [[source]] of kind 'file' with one file."
    action = "Add one that says where in BIOMETRIC_MODELS_DIR the weights shall lie."
    raise BiometricServiceError(ErrorCode.MODEL_INVALID, message, action)


def _require_readable(weights: Path) -> None:
    if not weights.is_file():
        message = f"There is no file {weights.name} to take the weights from."
        raise BiometricServiceError(ErrorCode.MODEL_UNAVAILABLE, message, "Name the file with the weights.")


def _require_fit(manifest: ModelManifest, source: FolderSource, weights: Path) -> None:
    with TemporaryDirectory() as folder:
        model = weights
        if source.recipe is not None:
            model = Path(folder) / MODEL_FILE
            build_from(weights, source.recipe, model)
        require_agreement(manifest, model)


def _copy_weights(weights: Path, target: Path, sha256: str) -> None:
    if target.exists():
        action = "Name another path in the manifest, or take the file that is there away yourself."
        require_sha256(target, sha256, f"The file {target.name} that is there already", action)
    else:
        _copy_whole(weights, target)


def _copy_manifest(manifest: Path, target: Path) -> None:
    if not target.exists():
        _copy_whole(manifest, target)
    elif not filecmp.cmp(manifest, target, shallow=False):
        message = f"There is another manifest of the name {target.parent.name}."
        action = "Give the model another name, or take the manifest that is there away yourself."
        raise BiometricServiceError(ErrorCode.MODEL_INVALID, message, action)


def _copy_whole(source: Path, target: Path) -> None:
    """Copy so that the target is there whole or not at all."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as given, replacing(target, mode=ANYBODY) as copy:
            shutil.copyfileobj(given, copy)
    except OSError as fault:
        message = f"{target.name} cannot be copied ({fault.strerror or fault})."
        action = "See to it that the folders of manifests and of weights can be written and have room."
        raise BiometricServiceError(ErrorCode.MODEL_UNAVAILABLE, message, action) from fault
