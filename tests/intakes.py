"""People to be taken in, for tests: ten fingers and three poses of one real face each."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from biometric_service.capture.slap.segmentation import Hand
from tests.ten_prints import Pixels, slap, ten_fingers

FINGERS = (
    "right_thumb", "right_index", "right_middle", "right_ring", "right_little",
    "left_thumb", "left_index", "left_middle", "left_ring", "left_little",
)  # fmt: skip


@dataclass(frozen=True)
class Poses:
    """A person of LFW with photographs from the front and turned to either side, by their numbers."""

    name: str
    frontal: tuple[int, ...]
    left: int
    right: int

    def picture(self, shared_data: Path, number: int) -> bytes:
        return (shared_data / "faces" / "lfw_half" / self.name / f"{self.name}_{number:04d}.jpg").read_bytes()

    def pictures(self, shared_data: Path, frontal: int = 0) -> Mapping[str, bytes]:
        numbers = {"face_frontal": self.frontal[frontal], "face_left": self.left, "face_right": self.right}
        return {place: self.picture(shared_data, number) for place, number in numbers.items()}


ONE = Poses("Junichiro_Koizumi", (3, 4, 1), 7, 25)
OTHER = Poses("Jennifer_Capriati", (4, 3, 5), 10, 18)


def scan(pixels: Pixels) -> bytes:
    """A fingerprint as a file that says its 500 dpi."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", dpi=(500, 500))
    return file.getvalue()


def fingers(shared_data: Path, impression: int = 1) -> Mapping[str, bytes]:
    """Ten fingers of one hand each, by their places."""
    return dict(zip(FINGERS, map(scan, ten_fingers(shared_data, impression)), strict=True))


def slaps(shared_data: Path, impression: int = 1) -> Mapping[str, bytes]:
    """The right four and the left four, as a slap scanner gives them."""
    ten = ten_fingers(shared_data, impression)
    return {"right_four": scan(slap(ten[1:5], Hand.RIGHT)), "left_four": scan(slap(ten[6:], Hand.LEFT, seed=2))}
