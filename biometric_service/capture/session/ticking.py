"""What comes from somewhere, and a sign of life where nothing comes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import TypeVar

Item = TypeVar("Item")


async def ticking(source: AsyncGenerator[Item], seconds: float) -> AsyncGenerator[Item | None]:
    """What the source gives, and None whenever it gave nothing for so long; the source is closed at the end."""
    async with aclosing(source):
        waiting: asyncio.Task[Item] | None = None
        try:
            while True:
                waiting = waiting or asyncio.ensure_future(_next(source))
                done, _ = await asyncio.wait({waiting}, timeout=seconds)
                if not done:
                    yield None
                    continue
                finished, waiting = waiting, None
                try:
                    yield finished.result()
                except StopAsyncIteration:
                    return
        finally:
            if waiting is not None:
                waiting.cancel()
                with suppress(BaseException):
                    await waiting


async def _next(source: AsyncGenerator[Item]) -> Item:
    return await anext(source)
