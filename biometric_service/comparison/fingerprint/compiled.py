"""Machine code from Python: one decorator, and the one instruction that Python has no word for."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit, types
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile on first call, without the interpreter lock, cached beside the source."""
    return cast("Function", njit(nogil=True, cache=True, fastmath=True, error_model="numpy")(function))


def _ones(_: Any, __: Any) -> Any:  # noqa: ANN401
    def emit(_: Any, builder: Any, __: Any, arguments: Any) -> Any:  # noqa: ANN401
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), emit


ones = cast("Callable[[Any], int]", intrinsic(_ones))
"""How many bits of a uint64 are set; for use in compiled functions alone."""
