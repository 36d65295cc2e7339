"""Each process gets a socket of its own on the address of all, and no other service gets the address."""

import select
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from multiprocessing.reduction import ForkingPickler

import pytest
import uvicorn

from biometric_service.app.own_sockets import OwnSocket, reserved

CONNECTIONS = 64


@pytest.fixture
def kept() -> Iterator[OwnSocket]:
    with reserved(uvicorn.Config("nothing:app", host="127.0.0.1", port=0)) as address:
        yield address


def handed_over(address: OwnSocket) -> OwnSocket:
    """As another process gets it."""
    found = ForkingPickler.loads(ForkingPickler.dumps(address))
    assert isinstance(found, OwnSocket)
    return found


def test_every_process_is_given_connections(kept: OwnSocket) -> None:
    with ExitStack() as stack:
        own = [stack.enter_context(handed_over(kept)) for _ in range(2)]
        for each in own:
            each.listen(CONNECTIONS)
        for _ in range(CONNECTIONS):
            stack.enter_context(socket.create_connection(kept.getsockname()))
        taken: Counter[OwnSocket] = Counter()
        while taken.total() < CONNECTIONS:
            for each in select.select(own, [], [])[0]:
                stack.enter_context(each.accept()[0])
                taken[each] += 1
    assert taken.keys() == set(own)


# uvicorn leaves the socket that it could not bind open, and ends
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("listens", [True, False])
def test_another_service_does_not_get_the_address(kept: OwnSocket, *, listens: bool) -> None:
    with handed_over(kept) as own:
        if listens:
            own.listen()
        with pytest.raises(SystemExit):
            reserved(uvicorn.Config("nothing:app", host="127.0.0.1", port=kept.getsockname()[1]))
