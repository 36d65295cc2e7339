"""From the files of a source to one ONNX file, through the recipe that the source names."""

import hashlib
from importlib import import_module
from pathlib import Path

from biometric_service.weights.manifest import RECIPES, Source

MODEL_FILE = "model.onnx"


def build_from(file: Path, recipe: str, target: Path) -> None:
    """Have the recipe make ``target`` of the source's first file and of what lies beside it."""
    import_module(f"{RECIPES}.{recipe}").build(file, target)


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
