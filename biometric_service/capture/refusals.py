"""What is wrong with an image that cannot be used, and what to do about it: one typed error each."""

from biometric_service.errors import BiometricServiceError, ErrorCode

FORMATS = "PNG, JPEG, JPEG 2000, TIFF, BMP, WebP or WSQ, or a face in an ISO/IEC 19794-5 or ANSI/NIST-ITL record"


def unreadable(why: str) -> BiometricServiceError:
    """Not an image, or of a kind that is not taken."""
    return BiometricServiceError(ErrorCode.IMAGE_UNREADABLE, f"The image cannot be read: {why}.", f"Give {FORMATS}.")


def truncated() -> BiometricServiceError:
    """An image of a known kind that ends early or is damaged."""
    message = "The image is cut short or damaged: not all of it can be decoded."
    return BiometricServiceError(ErrorCode.IMAGE_TRUNCATED, message, "Send the whole file again, or capture again.")


def empty() -> BiometricServiceError:
    """No bytes, or no pixels."""
    message = "The image is empty: it has no bytes or no pixels."
    return BiometricServiceError(ErrorCode.IMAGE_EMPTY, message, "Send the whole file, or capture again.")


def animated() -> BiometricServiceError:
    """More than one picture in a file."""
    message = "The file holds several pictures (it is animated or has pages)."
    return BiometricServiceError(ErrorCode.IMAGE_ANIMATED, message, "Give one still picture of one finger or face.")


def too_many_bytes(size: int, limit: int) -> BiometricServiceError:
    """A file larger than is taken."""
    message = f"The image file has {size:,} bytes; at most {limit:,} are taken."
    return BiometricServiceError(ErrorCode.IMAGE_TOO_LARGE, message, "Crop it to the finger or face, or compress it.")


def too_many_together(limit: int) -> BiometricServiceError:
    """More pictures than are decoded at once."""
    message = f"The images together are too large: at most {limit:,} pixels of one person are taken."
    return BiometricServiceError(ErrorCode.IMAGE_TOO_LARGE, message, "Send fewer images, or smaller ones.")


def too_many_pixels(limit: int, longest: int) -> BiometricServiceError:
    """A picture larger than is taken."""
    message = f"The image is too large: at most {limit:,} pixels and {longest:,} on a side are taken."
    return BiometricServiceError(ErrorCode.IMAGE_TOO_LARGE, message, "Crop it to the finger or face, or scale it down.")


def unusable_resolution(dpi: float, least: float, most: float) -> BiometricServiceError:
    """A resolution at which no fingerprint can be compared."""
    message = f"A resolution of {dpi:g} dpi cannot be used: fingerprints are taken at {least:g} to {most:g} dpi."
    action = "Give the resolution that the image was captured at, or leave it out to go by the file."
    return BiometricServiceError(ErrorCode.RESOLUTION_UNUSABLE, message, action)
