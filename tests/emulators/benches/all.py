"""Every bench, and what of the contract has no meaning for which."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.emulators.benches.bench import Bench
from tests.emulators.benches.files import FolderBench, VirtualBench
from tests.emulators.benches.http import HttpBench
from tests.emulators.benches.libfprint import LibfprintBench
from tests.emulators.benches.onvif import OnvifBench
from tests.emulators.benches.rtsp import RtspBench
from tests.emulators.benches.sbi import OfferedBench, SbiBench
from tests.emulators.benches.serial import ZfmBench
from tests.emulators.benches.suprema import SupremaBench
from tests.emulators.benches.v4l2 import V4l2Bench

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
    "v4l2 compressed": partial(V4l2Bench, pixel_format="MJPG"),
    "rtsp": RtspBench,
    "sbi": SbiBench,
    "sbi of our own": OfferedBench,
    "onvif": OnvifBench,
    "suprema": SupremaBench,
    "v4l2 plain": partial(V4l2Bench, pixel_format="YUYV"),
}

LOSSES_ARE_CONCEALED = (
    "a picture of H.264 has no check sum: decoders make up what was lost, and the driver is not told; over TCP none is"
)

# Case, bench: why it has no meaning there. Whatever is not here is tested.
NOT_MEANT: Mapping[tuple[str, str], str] = {
    (
        "test_a_capture_shows_what_is_there_now",
        "folder",
    ): "a folder is a queue: its images are given in turn, each once",
    ("test_a_damaged_frame_is_never_given_and_a_whole_one_is", "rtsp"): LOSSES_ARE_CONCEALED,
    ("test_a_damaged_frame_is_never_given_and_a_whole_one_is", "onvif"): LOSSES_ARE_CONCEALED,
    (
        "test_a_damaged_frame_is_never_given_and_a_whole_one_is",
        "sbi of our own",
    ): "our service passes over what is damaged until a picture is whole: SBI has no word for a device's advice",
    ("test_a_slow_device_is_waited_for", "virtual"): "a file is there or is not",
}
