"""From the files of a source to one ONNX file, through the recipe that the source names."""

import hashlib
from importlib import import_module
from pathlib import Path

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.weights.manifest import RECIPES, Source

MODEL_FILE = "model.onnx"


def build_from(file: Path, recipe: str, target: Path) -> None:
    """Have the recipe make ``target`` of the source's first file and of what lies beside it.

    MODEL_INVALID where the source is not what the recipe expects; OSError where there is no room for ``target``.
    """
    try:
        import_module(f"{RECIPES}.{recipe}").build(file, target)
    except FileNotFoundError as fault:
        raise _unexpected(file, recipe, fault) from fault
    except (BiometricServiceError, OSError):
        raise
    except Exception as fault:
        raise _unexpected(file, recipe, fault) from fault


def files_key(source: Source) -> str:
    """Names the source's files by what they hold: 16 hexadecimal digits."""
    return _digest("".join(f"{file.sha256} {file.path}\n" for file in source.files).encode())


def build_key(source: Source) -> str:
    """Names what the recipe makes of the files: another recipe, or a changed one, gives another key."""
    module = Path(str(import_module(f"{RECIPES}.{source.recipe}").__file__))
    parts = sorted(module.parent.glob("**/*.py")) if module.name == "__init__.py" else [module]
    return _digest(b"\0".join([files_key(source).encode(), *(part.read_bytes() for part in parts)]))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _unexpected(file: Path, recipe: str, fault: Exception) -> BiometricServiceError:
    message = f"{file.name} is not what the recipe {recipe} expects ({type(fault).__name__})."
    action = "Name in the manifest the recipe that was written for this file."
    return BiometricServiceError(ErrorCode.MODEL_INVALID, message, action)
