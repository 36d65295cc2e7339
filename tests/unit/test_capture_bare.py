"""What leaves of an image file: the same pixels, how they are turned, their resolution, and nothing else."""

import io
import struct
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image
from wsq import WsqImagePlugin  # noqa: F401 (lets Pillow write WSQ)

from biometric_service.capture import tones
from biometric_service.capture.bare import bare_image
from biometric_service.capture.face_records import FaceRecord, write_face
from biometric_service.capture.files import open_picture
from biometric_service.capture.writing import ImageFormat, write
from device_drivers.wsq.segments import Marker
from device_drivers.wsq.writing import segment
from tests.annotated_images import FACE, FINGER, LIMITS, SECRET, TEXT, annotated_png, photograph, saved, told


def seen(data: bytes) -> tuple[np.ndarray, tuple[float, float] | None]:
    picture = open_picture(data, LIMITS)
    return tones.bgr(picture.image), picture.dpi


@pytest.mark.parametrize("progressive", [False, True])
def test_a_photograph_leaves_without_where_and_by_what_it_was_taken(*, progressive: bool) -> None:
    data = photograph(progressive=progressive, dpi=(300, 300))
    bare = bare_image(data, LIMITS)
    assert SECRET in data and SECRET not in bare  # noqa: PT018
    scan = bytes((0xFF, 0xDA))
    assert bare[bare.index(scan) :] == data[data.index(scan) : data.rindex(b"\xff\xd9") + 2]
    with Image.open(io.BytesIO(bare)) as theirs:
        assert theirs.format == "JPEG"
        assert dict(theirs.getexif()) == {ExifTags.Base.Orientation: 6}
        assert not theirs.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        assert theirs.info["dpi"] == (300, 300)
        assert not {"xmp", "comment"} & theirs.info.keys()
    np.testing.assert_array_equal(seen(bare)[0], seen(data)[0])


def test_exif_that_nobody_can_read_hinders_nothing() -> None:
    data = saved(FACE, "JPEG", exif=b"Exif\0\0" + SECRET)
    bare = bare_image(data, LIMITS)
    assert bare.startswith(b"\xff\xd8")
    assert SECRET not in bare
    np.testing.assert_array_equal(seen(bare)[0], seen(data)[0])


def test_a_png_leaves_without_texts_and_with_its_resolution() -> None:
    data = annotated_png()
    bare = bare_image(data, LIMITS)
    kinds = [kind for kind, _ in chunks(bare)]
    assert kinds == [b"IHDR", b"eXIf", b"pHYs", b"IDAT", b"IEND"]
    assert [each for each in chunks(bare) if each[0] == b"IDAT"] == [
        each for each in chunks(data) if each[0] == b"IDAT"
    ]
    assert SECRET not in bare
    assert bare.endswith(b"IEND\xaeB`\x82")
    with Image.open(io.BytesIO(bare)) as theirs:
        theirs.load()
        np.testing.assert_array_equal(np.asarray(theirs), FINGER)
        assert dict(theirs.getexif()) == {ExifTags.Base.Orientation: 1}
        assert theirs.info["dpi"] == pytest.approx((500, 500), abs=0.1)


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    at = 8
    while at + 12 <= len(data) and (not found or found[-1][0] != b"IEND"):
        length, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def with_comment(jp2: bytes) -> bytes:
    """A JPEG 2000 file with a comment in its codestream and a box of its own."""
    at = jp2.index(b"\xff\x4f\xff\x51")
    comment = struct.pack(">HHH", 0xFF64, 4 + len(SECRET), 1) + SECRET
    size = struct.unpack_from(">H", jp2, at + 4)[0]
    behind = at + 4 + size
    length = struct.unpack_from(">I", jp2, at - 8)[0]
    assert length in {0, len(jp2) - at + 8}
    stream = jp2[at:behind] + comment + jp2[behind:]
    box = struct.pack(">I", 8 + len(stream)) + b"jp2c" + stream
    return jp2[: at - 8] + box + struct.pack(">I", 8 + len(SECRET)) + b"xml " + SECRET


@pytest.mark.parametrize("loss", [None, 2.0])
def test_jpeg_2000_leaves_without_comments_and_boxes(loss: float | None) -> None:
    plain = write(FINGER, 500, ImageFormat.JPEG_2000, loss)
    data = with_comment(plain)
    bare = bare_image(data, LIMITS)
    assert SECRET in data and SECRET not in bare  # noqa: PT018
    assert b"OpenJPEG" not in bare
    assert bare[4:8] == b"jP  "
    np.testing.assert_array_equal(seen(bare)[0], seen(plain)[0])
    assert seen(bare)[1] == seen(plain)[1] == pytest.approx((500, 500), abs=0.1)


def test_wsq_leaves_with_its_resolution_alone() -> None:
    plain = write(FINGER, 500, ImageFormat.WSQ)
    said = segment(Marker.COMMENT, b"NIST_COM 3\nPPI 500\nWHERE %s\n" % SECRET) + segment(Marker.COMMENT, SECRET)
    data = plain[:2] + said + plain[2:] + SECRET
    bare = bare_image(data, LIMITS)
    assert SECRET not in bare
    assert bare.startswith(b"\xff\xa0\xff\xa8\x00\x15NIST_COM 2\nPPI 500\n")
    np.testing.assert_array_equal(seen(bare)[0], seen(plain)[0])
    assert seen(bare)[1] == (500, 500)
    with Image.open(io.BytesIO(bare)) as theirs:
        np.testing.assert_allclose(np.asarray(theirs).astype(int), seen(plain)[0][..., 0].astype(int), atol=1)


@pytest.mark.parametrize(
    ("form", "more"),
    [
        ("TIFF", {"description": TEXT, "dpi": (500, 500)}),
        ("WEBP", {"lossless": True, "exif": told(), "xmp": SECRET}),
        ("GIF", {"comment": SECRET}),
        ("BMP", {}),
    ],
)
def test_what_cannot_be_put_together_anew_becomes_png_without_loss(form: str, more: dict[str, object]) -> None:
    data = saved(FINGER, form, **more)
    bare = bare_image(data + SECRET if form == "BMP" else data, LIMITS)
    assert bare.startswith(b"\x89PNG")
    assert {kind for kind, _ in chunks(bare)} <= {b"IHDR", b"pHYs", b"IDAT", b"IEND", b"eXIf"}
    assert SECRET not in bare
    np.testing.assert_array_equal(seen(bare)[0], seen(data)[0])
    if form == "TIFF":
        assert seen(bare)[1] == pytest.approx((500, 500), abs=0.1)


def test_deep_pixels_and_palettes_stay_as_they_are() -> None:
    deep = (FINGER.astype(np.uint16) << 8) + 7
    bare = bare_image(saved(deep, "PNG", exif=told()), LIMITS)
    with Image.open(io.BytesIO(bare)) as theirs:
        np.testing.assert_array_equal(np.asarray(theirs), deep)
    file = io.BytesIO()
    Image.fromarray(FACE).quantize(16).save(file, "PNG", exif=told(6), transparency=3)
    bare = bare_image(file.getvalue(), LIMITS)
    np.testing.assert_array_equal(seen(bare)[0], seen(file.getvalue())[0])


def test_of_a_record_the_face_alone_leaves() -> None:
    for form in FaceRecord:
        record = write_face(FACE[..., ::-1].copy(), form, datetime(2026, 3, 4, tzinfo=UTC), "BZPRISON")
        bare = bare_image(record, LIMITS)
        assert bare[4:8] == b"jP  "
        with Image.open(io.BytesIO(bare)) as theirs:
            np.testing.assert_array_equal(np.asarray(theirs), FACE)


def test_files_of_others_keep_their_pixels(shared_data: Path) -> None:
    """Whatever lies in the shared data: what is put together anew shows the same."""
    files = [*sorted((shared_data / "faces").rglob("*.jp*g"))[:3], *sorted((shared_data / "fingerprints").rglob("*.*"))]
    shown = [each for each in files if each.suffix.lower() in {".jpg", ".jpeg", ".png", ".wsq", ".jp2", ".tif"}][:8]
    assert shown
    for each in shown:
        data = each.read_bytes()
        bare = bare_image(data, LIMITS)
        np.testing.assert_array_equal(seen(bare)[0], seen(data)[0])
        assert bare_image(bare, LIMITS) == bare
