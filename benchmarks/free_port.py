"""A port for a server that is started later."""

import random
import socket

WHERE = range(10_000, 32_768)


def free_port() -> int:
    """A port of loopback that nobody uses, below those that Linux deals out to whoever connects or asks for any.

    One of those could be dealt out again before its server listens on it.
    """
    while True:
        port = random.SystemRandom().choice(WHERE)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
