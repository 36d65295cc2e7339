"""Image files that say more than what they show."""

import io

import numpy as np
from PIL import ExifTags, Image, PngImagePlugin

from biometric_service.capture.files import ImageLimits
from tests.emulators.benches.bench import ridges

LIMITS = ImageLimits(20_000_000, 50_000_000)
FINGER = ridges(128, 96)
FACE = np.stack([FINGER, 255 - FINGER, FINGER // 2], axis=2)
SECRET = b"Block C, cell 17"
TEXT = SECRET.decode()


def saved(pixels: np.ndarray, form: str, **more: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form, **more)
    return file.getvalue()


def told(orientation: int = 1) -> Image.Exif:
    """What a telephone writes into a photograph."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = TEXT
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (17.0, 15.0, 4.0)
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = TEXT
    return exif


def photograph(**more: object) -> bytes:
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>%s</x:xmpmeta>" % SECRET
    data = saved(FACE, "JPEG", quality=90, exif=told(6), xmp=xmp, comment=SECRET, **more)
    return data + SECRET


def annotated_png(**more: object) -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", TEXT)
    texts.add_itxt("Author", TEXT, zip=True)
    texts.add(b"prVt", SECRET)
    return saved(FINGER, "PNG", pnginfo=texts, exif=told(), dpi=(500, 500), **more) + SECRET
