"""Whatever file a scanner's own software writes, as images."""

from device_drivers.pictures import SUFFIXES as PICTURES
from device_drivers.pictures import decoded
from device_drivers.protocol import Characteristic
from device_drivers.records import face_images, finger_images, transaction_images, transactions
from device_drivers.records.image import RecordImage

SUFFIXES = PICTURES | {
    ".an2",
    ".an2k",
    ".eft",
    ".ebts",
    ".nist",
    ".fir",
    ".fac",
    ".iso",
    ".iso-fir",
    ".iso-fac",
    ".bdb",
}


def images(data: bytes, asked: Characteristic) -> list[RecordImage]:
    """All images in the file, a plain picture as what was ``asked`` for; DamagedPictureError where it is not whole."""
    if transactions.is_transaction(data):
        return transaction_images.images(transactions.read(data))
    if data.startswith(finger_images.MAGIC):
        return finger_images.images(data)
    if data.startswith(face_images.MAGIC):
        return face_images.images(data)
    return [RecordImage(decoded(data), asked, 0, "")]
