"""Nobody at a gate waits for a compiler: machine code is made before the first request is taken."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FIRST_REQUESTS = """
import json
import sys
from pathlib import Path

from numba.core.dispatcher import Dispatcher

from biometric_service.settings import Settings
from tests.live_service import OPERATIONS, asking, live_service, synthetic_fingers

def made():
    modules = [module for name, module in sys.modules.items() if name.startswith("biometric_service.")]
    compiled = [each for module in modules for each in vars(module).values() if isinstance(each, Dispatcher)]
    return {f"{each.__name__}{signature}" for each in compiled for signature in each.signatures}

folder = Path(sys.argv[1])
synthetic_fingers(folder, 1)
first, again = (folder / f"00001_{impression}.png" for impression in (1, 2))
with live_service(Settings(data_dir=folder / "data", face_model="")) as live:
    live.gallery("inmates")
    before = made()
    client = live.client(live.key())
    enrolment = asking([first.read_bytes()], subject="A", galleries=["inmates"])
    enrolled = client.post(f"{OPERATIONS}/enrolments", **enrolment).status_code
    found = client.post(f"{OPERATIONS}/identifications", **asking([again.read_bytes()], gallery="inmates")).json()
    print(json.dumps([enrolled, found["decision"]["outcome"], len(before), sorted(made() - before)]))
"""


@pytest.mark.models
def test_the_first_requests_compile_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FIRST_REQUESTS, str(tmp_path)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    enrolled, found, before, later = json.loads(told.stdout.splitlines()[-1])
    assert (enrolled, found, later) == (201, "match", [])
    assert before > 5
