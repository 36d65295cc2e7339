"""The memory of the service does not end on a disk."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import ctypes, resource, sys
from pathlib import Path
from biometric_service.app.processes import _worker_application, run_matcher
from biometric_service.app.server import run_server
from biometric_service.cli import main
from biometric_service.errors import BiometricServiceError
from biometric_service.settings import load_settings

settings, prctl = load_settings(), ctypes.CDLL(None).prctl
sys.argv = ["biometric-service", "audit", "verify"]
for start in (
    main,
    lambda: run_server(settings, console_key=False),
    lambda: run_matcher(settings, Path("socket")),
    lambda: _worker_application(settings, Path("socket")),
):
    prctl(4, 1, 0, 0, 0)
    try:
        start()
    except (BiometricServiceError, SystemExit):
        print(resource.getrlimit(resource.RLIMIT_CORE), prctl(3, 0, 0, 0, 0))
"""


def test_no_process_of_the_service_leaves_a_core_dump_or_is_read_by_another(tmp_path: Path) -> None:
    """Each way in, up to where a store would be opened; there is none."""
    (tmp_path / "file").touch()
    environment = {**os.environ, "BIOMETRIC_DATA_DIR": str(tmp_path / "file" / "data"), "BIOMETRIC_PROCESSES": "1"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["(0, 0) 0"] * 4, done.stderr
