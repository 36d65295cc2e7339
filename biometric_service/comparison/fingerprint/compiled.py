"""Machine code from Python: one decorator, and the one instruction that Python has no word for."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit, types
from numba.core.caching import FunctionCache
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])


def _sources() -> str:
    """Digest of every source file beside this one."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


SOURCES = _sources()


class _Cache(FunctionCache):  # type: ignore[misc]
    """Numba's own cache knows when a function's file changes, but not when one that it calls does."""

    def _index_key(self, *key: object) -> tuple[object, ...]:
        return (*super()._index_key(*key), SOURCES)


def compiled(function: Function) -> Function:
    """Compile on first call, without the interpreter lock, cached beside the source until any file here changes."""
    return _compiled(function, inlined=False)


def inlined(function: Function) -> Function:
    """As ``compiled``, and always expanded where it is called: for small steps of inner loops."""
    return _compiled(function, inlined=True)


def _compiled(function: Function, *, inlined: bool) -> Function:
    dispatcher = njit(nogil=True, fastmath=True, error_model="numpy", forceinline=inlined)(function)
    dispatcher._cache = _Cache(function)  # noqa: SLF001
    return cast("Function", dispatcher)


def _ones(_: Any, __: Any) -> Any:  # noqa: ANN401
    def emit(_: Any, builder: Any, __: Any, arguments: Any) -> Any:  # noqa: ANN401
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), emit


ones = cast("Callable[[Any], int]", intrinsic(_ones))
"""How many bits of a uint64 are set; for use in compiled functions alone."""
