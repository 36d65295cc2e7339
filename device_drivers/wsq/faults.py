"""The one thing that goes wrong in decoding."""


class DamagedError(ValueError):
    """The bytes are no whole WSQ file."""
