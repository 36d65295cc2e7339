"""What a device's URL says besides where the device is."""

from urllib.parse import SplitResult, parse_qs, parse_qsl, urlencode, urlsplit

from device_drivers.errors import DeviceError, Reason

FLAGS = {"true": True, "false": False}


def number(url: str, name: str) -> float | None:
    """The number that ``?name=`` gives, above 0; None where it is not there, DeviceError(BAD_ADDRESS) for any other."""
    given = parse_qs(urlsplit(url).query, keep_blank_values=True).get(name)
    if given is None:
        return None
    try:
        value = float(given[0])
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise DeviceError(Reason.BAD_ADDRESS, f"{name}={given[0]} is no number above 0: correct the device's URL.")
    return value


def flag(url: str, name: str) -> bool:
    """What ``?name=true`` or ``=false`` says; False where it is not there, DeviceError(BAD_ADDRESS) for any other."""
    given = parse_qs(urlsplit(url).query, keep_blank_values=True).get(name, ["false"])[0]
    if given not in FLAGS:
        raise DeviceError(Reason.BAD_ADDRESS, f"{name}={given} is neither true nor false: correct the device's URL.")
    return FLAGS[given]


def without_credentials(url: str) -> str:
    """The URL as it may be shown and kept: without user and password."""
    parts = urlsplit(url)
    return _joined(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def without_parameter(url: str, name: str) -> str:
    """The URL without what ``?name=`` gives."""
    parts = urlsplit(url)
    kept = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key != name]
    return _joined(parts._replace(query=urlencode(kept)))


def _joined(parts: SplitResult) -> str:
    """The URL; ``geturl`` drops the slashes of an empty host."""
    return f"{parts.scheme}://{parts.netloc}{parts.path}" + (f"?{parts.query}" if parts.query else "")
