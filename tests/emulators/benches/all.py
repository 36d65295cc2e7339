"""Every bench, and what of the contract has no meaning for which."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.emulators.benches.bench import Bench
from tests.emulators.benches.files import FolderBench, VirtualBench
from tests.emulators.benches.http import HttpBench
from tests.emulators.benches.libfprint import LibfprintBench
from tests.emulators.benches.serial import ZfmBench

BENCHES: Mapping[str, Callable[[Path], Bench]] = {
    "folder": FolderBench,
    "virtual": VirtualBench,
    "mjpeg": partial(HttpBench, scheme="http+mjpeg", path="stream?size=1"),
    "mjpeg in chunks over TLS": partial(
        HttpBench, scheme="https+mjpeg", path="stream?size=1", part_lengths=False, chunked=True
    ),
    "snapshot": partial(HttpBench, scheme="http+snapshot", path="picture.jpg"),
    "snapshot over TLS": partial(HttpBench, scheme="https+snapshot", path="picture.jpg"),
    "zfm": ZfmBench,
    "libfprint": LibfprintBench,
}

# Case, bench: why it has no meaning there. Whatever is not here is tested.
NOT_MEANT: Mapping[tuple[str, str], str] = {
    (
        "test_a_capture_shows_what_is_there_now",
        "folder",
    ): "a folder is a queue: its images are given in turn, each once",
    ("test_a_slow_device_is_waited_for", "virtual"): "a file is there or is not",
}
