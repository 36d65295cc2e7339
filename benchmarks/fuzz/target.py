"""What is fuzzed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from biometric_service.errors import BiometricServiceError


@dataclass(frozen=True, slots=True)
class Target:
    """One way that bytes of strangers come in.

    ``exercise`` takes bytes in and may raise what is in ``refusals`` and nothing else; an assertion that fails in it is
    a finding too. ``seeds``: good inputs, which mutation begins with. ``longest``: bytes of the longest input tried.
    """

    exercise: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    longest: int = 4096
    refusals: tuple[type[Exception], ...] = (BiometricServiceError,)

    def run(self, data: bytes) -> None:
        """Exercise the target with one input; what it may raise is let pass."""
        try:
            self.exercise(data)
        except self.refusals:
            return
