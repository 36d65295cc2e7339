"""The command line: each command by its name, alone as among all, and no waiting for what it does not need."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from biometric_service.cli import COMMANDS, app, command_line

LOADED = """
import atexit, sys
atexit.register(lambda: print([name for name in {libraries!r} if name in sys.modules]))
from biometric_service.cli import main
sys.argv = ["biometric-service", "{word}", "--help"]
main()
"""


def test_every_command_is_listed() -> None:
    listed = CliRunner().invoke(app, ["--help"]).output
    assert [word for word in COMMANDS if f" {word} " not in listed] == []


@pytest.mark.parametrize("word", COMMANDS)
def test_a_command_alone_goes_by_its_name(word: str) -> None:
    done = CliRunner().invoke(command_line([word]), [word, "--help"])
    assert done.exit_code == 0, done.output
    assert f"biometric-service {word} " in done.output.replace("root ", "biometric-service ")


@pytest.mark.parametrize(
    ("word", "libraries"),
    [("settings", ["sqlalchemy", "numpy", "fastapi"]), ("audit", ["fastapi", "scipy.optimize", "reportlab"])],
)
def test_nobody_waits_for_the_libraries_of_another_command(word: str, libraries: list[str]) -> None:
    program = LOADED.format(libraries=libraries, word=word)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
