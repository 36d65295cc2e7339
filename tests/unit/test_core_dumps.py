"""The memory of the service does not end on a disk."""

import subprocess
import sys

PROGRAM = """
import resource
from pathlib import Path
from biometric_service.app.dumps import forbid_dumps
forbid_dumps()
limits = resource.getrlimit(resource.RLIMIT_CORE)
import ctypes
print(limits, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


def test_a_service_that_serves_leaves_no_core_dump() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "(0, 0) 0"
