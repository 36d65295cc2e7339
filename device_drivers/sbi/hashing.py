"""The chain of hashes that ties the images of an SBI device to those before them."""

import hashlib

FIRST = hashlib.sha256(b"").hexdigest()


def linked(previous: str, image: bytes) -> str:
    """The hash of an image, hex: SHA-256 of the previous hash's bytes and those of the image's own SHA-256."""
    return hashlib.sha256(bytes.fromhex(previous) + hashlib.sha256(image).digest()).hexdigest()


def is_linked(said: str, previous: str, image: bytes) -> bool:
    """Whether this is the hash; makers who read the specification as joining hexadecimal text are right too."""
    own = hashlib.sha256(image).hexdigest()
    joined = hashlib.sha256((previous.lower() + own).encode()).hexdigest()
    upper = hashlib.sha256((previous.lower() + own).upper().encode()).hexdigest()
    return said.lower() in {linked(previous, image), joined, upper}
