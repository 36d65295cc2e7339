"""A device that stays open from one person to the next: cameras take a second or more to open."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Self, TypeVar

from device_drivers.errors import DeviceError
from device_drivers.protocol import CaptureDevice, CaptureSession, DeviceInfo
from device_drivers.registry import device

Result = TypeVar("Result")


class KeptOpen:
    """The device at a URL, in an event loop of its own; whatever goes wrong closes it until it is asked for again.

    ``run`` and ``device`` take the places of ``asyncio.run`` and ``device_drivers.registry.device`` in a session.
    """

    def __init__(self, url: str, devices: Callable[[str], CaptureDevice] = device) -> None:
        self._url, self._devices = url, devices
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="camera", daemon=True)
        self._held: _Held | None = None

    def __enter__(self) -> Self:
        """Nothing is opened before somebody asks."""
        self._thread.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """Close it."""
        if self._held is not None:
            self.run(self._held.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, asked: Coroutine[Any, Any, Result]) -> Result:
        """What comes of it, from any other thread; KeyboardInterrupt cancels it."""
        done = asyncio.run_coroutine_threadsafe(asked, self._loop)
        try:
            return done.result()
        except KeyboardInterrupt:
            done.cancel()
            raise

    def device(self, _: str) -> CaptureDevice:
        """The device, which a session may believe to open and close; DeviceError for a URL that no driver knows."""
        if self._held is None:
            self._held = _Held(self._devices(self._url))
        return self._held


class _Held:
    """Implements ``CaptureDevice``. One task opens and closes the device, whoever uses it meanwhile."""

    def __init__(self, kept: CaptureDevice) -> None:
        self.info: DeviceInfo = kept.info
        self._kept = kept
        self._alone = asyncio.Lock()
        self._holding: asyncio.Task[None] | None = None
        self._session: CaptureSession
        self._over: asyncio.Event

    def open(self) -> AbstractAsyncContextManager[CaptureSession]:
        """The session that is open, or a new one; DeviceError."""
        return self._opened()

    async def close(self) -> None:
        """Close it, if it is open."""
        if self._holding is not None:
            self._over.set()
            with suppress(DeviceError):
                await self._holding
            self._holding = None

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[CaptureSession]:
        async with self._alone:
            try:
                if self._holding is None:
                    await self._begin()
                yield self._session
            except BaseException:
                await self.close()
                raise

    async def _begin(self) -> None:
        opened: asyncio.Future[CaptureSession] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        self._holding = asyncio.create_task(self._hold(opened))
        self._session = await opened

    async def _hold(self, opened: "asyncio.Future[CaptureSession]") -> None:
        try:
            async with self._kept.open() as session:
                opened.set_result(session)
                await self._over.wait()
        except BaseException as fault:
            if opened.done():
                raise
            opened.set_exception(fault)
