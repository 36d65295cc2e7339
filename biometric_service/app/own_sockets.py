"""A socket of its own for each process that serves on one address: the kernel deals connections out among them.

From one socket that all share, the process that wakes first takes every connection that waits, and keeps them: under
eight clients one process did all the work and the other none.
"""

import socket
from collections.abc import Callable

from uvicorn import Config

Address = tuple[str | int, ...]


class OwnSocket(socket.socket):
    """A bound socket that is not shared with a process it is handed to, but bound there once more (SO_REUSEPORT)."""

    def __reduce__(self) -> tuple[Callable[..., "OwnSocket"], tuple[int, Address]]:
        """How the other process makes its own."""
        return bound_beside, (self.family, self.getsockname())


def bound_beside(family: int, address: Address) -> OwnSocket:
    """A socket that shares the address with others of its kind; until it listens it is given no connection."""
    own = OwnSocket(family, socket.SOCK_STREAM)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    own.bind(address)
    own.set_inheritable(True)
    return own


def reserved(config: Config) -> OwnSocket:
    """The address of the configuration, kept for the processes; ends the program where another one has it.

    Whoever shares an address is given a part of its connections: two services on one would each answer some. So it is
    first bound alone, and kept by a socket that does not let another one do that.
    """
    with config.bind_socket() as alone:
        family, address = alone.family, alone.getsockname()
    kept = bound_beside(family, address)
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return kept
