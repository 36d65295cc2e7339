"""Each heavy dependency has one home, drivers know nothing of the service, and the layers hold."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOMES = {
    "faiss": ("biometric_service/gallery/",),
    "sqlalchemy": ("biometric_service/references/", "biometric_service/audit/"),
    "alembic": ("biometric_service/references/",),
    "fastapi": ("biometric_service/api/", "biometric_service/console/", "biometric_service/app/"),
    "ray": ("biometric_service/scaleout/",),
    "onnxruntime": (
        "biometric_service/extraction/",
        "biometric_service/quality/",
        "biometric_service/presentation_attack/",
    ),
    "openvino": ("biometric_service/extraction/",),
    "paramiko": ("biometric_service/outbound/",),
    "pkcs11": ("biometric_service/references/",),
    "jpype": ("biometric_service/comparison/",),
    "nbis": ("biometric_service/quality/",),
    "stomp": ("biometric_service/app/",),
    "gi": ("device_drivers/libfprint/",),
    "onvif": ("device_drivers/onvif/",),
    "grpc": ("device_drivers/suprema/",),
    "device_drivers": (
        "device_drivers/",
        "biometric_service/capture/",
        "biometric_service/interchange/",
        "biometric_service/cli/",
        "biometric_service/app/",
    ),
    "nistitl": (),
}


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("dependency", HOMES)
def test_a_heavy_dependency_is_imported_only_at_home(dependency: str) -> None:
    files = [path for folder in ("biometric_service", "device_drivers") for path in (ROOT / folder).rglob("*.py")]
    users = [path.relative_to(ROOT).as_posix() for path in files if dependency in imports_of(path)]
    assert not [user for user in users if not user.startswith(HOMES[dependency])]


def test_the_layers_hold() -> None:
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert program
    done = subprocess.run([program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
