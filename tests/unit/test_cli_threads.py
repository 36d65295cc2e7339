"""A request takes one thread of the libraries beneath, unless the operator says otherwise."""

import os
import subprocess
import sys

import pytest

TOLD = """
import atexit, os, sys
atexit.register(lambda: print(os.environ["OMP_NUM_THREADS"], "numpy" in before))
from biometric_service.cli import main
before = set(sys.modules)
sys.argv = ["biometric-service", "devices", "--help"]
main()
"""


@pytest.mark.parametrize(("given", "taken"), [({}, "1"), ({"OMP_NUM_THREADS": "3"}, "3")])
def test_the_command_line_sets_the_number_before_numpy_asks_for_it(given: dict[str, str], taken: str) -> None:
    others = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", TOLD], env=others | given, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"{taken} False"
