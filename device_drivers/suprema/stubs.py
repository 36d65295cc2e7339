"""The messages of the G-SDK, out of biostarPython: its own beginning is passed over, since it opens a log file.

The file would lie in whatever folder the program was started from.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

PACKAGE = "biostarPython"


@contextmanager
def _empty_package() -> Iterator[None]:
    """The package as a name alone, for as long as the context lasts, unless somebody has imported it."""
    if PACKAGE in sys.modules:
        yield
        return
    found = find_spec(PACKAGE)
    if found is None or found.submodule_search_locations is None:
        raise ModuleNotFoundError(f"No module named {PACKAGE!r}", name=PACKAGE)
    shell = ModuleType(PACKAGE)
    shell.__path__ = list(found.submodule_search_locations)
    sys.modules[PACKAGE] = shell
    try:
        yield
    finally:
        del sys.modules[PACKAGE]


def _stub(name: str) -> ModuleType:
    return import_module(f"{PACKAGE}.service.{name}")


with _empty_package():
    connect, connect_calls = _stub("connect_pb2"), _stub("connect_pb2_grpc")
    device, device_calls = _stub("device_pb2"), _stub("device_pb2_grpc")
    finger, finger_calls = _stub("finger_pb2"), _stub("finger_pb2_grpc")
    event, event_calls = _stub("event_pb2"), _stub("event_pb2_grpc")
