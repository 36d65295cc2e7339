"""Calls of one gateway, for asyncio: the library's own loop does not outlive the first of several event loops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol, TypeVar

import grpc

from device_drivers.errors import DeviceError, Reason
from device_drivers.suprema.faults import RefusedError

MOST_BYTES = 8 * 2**20
Asked_contra = TypeVar("Asked_contra", contravariant=True)
Answer_co = TypeVar("Answer_co", covariant=True)


class Call(Protocol[Asked_contra, Answer_co]):
    """One procedure of the gateway."""

    def future(self, request: Asked_contra, timeout: float) -> "grpc.Future[Answer_co]":
        """Begin it."""


@asynccontextmanager
async def channel(address: str, trust: str) -> AsyncIterator[grpc.Channel]:
    """The way to the gateway for as long as the context lasts; ``trust``: a PEM file of its authority.

    DeviceError(BAD_ADDRESS) without such a file.
    """
    try:
        anchors = await asyncio.to_thread(Path(trust).read_bytes)
    except OSError:
        what = "Say with trust= which file holds the certificate of the gateway's authority (its ca.crt)."
        raise DeviceError(Reason.BAD_ADDRESS, what) from None
    credentials = grpc.ssl_channel_credentials(anchors)
    opened = grpc.secure_channel(address, credentials, [("grpc.max_receive_message_length", MOST_BYTES)])
    try:
        yield opened
    finally:
        opened.close()


async def told(call: Call[Asked_contra, Answer_co], request: Asked_contra, seconds: float) -> Answer_co:
    """What the gateway answers; RefusedError where it does not."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()

    def end(_: object) -> None:
        with suppress(RuntimeError):  # nobody waits any more
            loop.call_soon_threadsafe(over.set)

    asked = call.future(request, timeout=seconds)
    asked.add_done_callback(end)
    try:
        await over.wait()
        answer: Answer_co = asked.result()
    except grpc.RpcError as fault:
        raise RefusedError(fault.code(), fault.details() or "") from None
    except grpc.FutureCancelledError:
        raise RefusedError(grpc.StatusCode.CANCELLED, "the way to the gateway was closed") from None
    finally:
        asked.cancel()
    return answer
