"""SourceAFIS called from Python: bytes go in, bytes and scores come out."""

import io
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.sourceafis.jvm import find_jvm, start_jvm
from biometric_service.errors import BiometricServiceError, ErrorCode

PACKAGE = "com.machinezoo.sourceafis"
BEST_PAIRING = "best-pairing"

Loaded: TypeAlias = Any
"""A ``FingerprintTemplate`` in the Java machine: immutable, 5 to 15 KB of its heap."""
Matcher: TypeAlias = Callable[[Loaded], float]


class SourceAfisEngine:
    """The engine of the given jars; the Java machine starts with the first use, and serves every thread.

    ``memory``: heap in MB. MODEL_UNAVAILABLE where there is no Java to run it; faults of the engine are INTERNAL.
    """

    def __init__(self, jars: Sequence[Path], memory: int) -> None:
        self._library = find_jvm()
        self._jars = tuple(jars)
        self._memory = memory
        self._starting = threading.Lock()
        self._started: Any = None

    def version(self) -> str:
        """Of the engine that really runs."""
        return str(self._class("FingerprintCompatibility").version())

    def make(self, pixels: NDArray[np.uint8], dpi: float) -> bytes:
        """The native template (CBOR) of an image, uint8 (h, w), dark ridges."""
        height, width = pixels.shape
        with self._faults():
            options = self._class("FingerprintImageOptions")().dpi(float(dpi))
            image = self._class("FingerprintImage")(width, height, self._array(pixels.tobytes()), options)
            return bytes(self._class("FingerprintTemplate")(image).toByteArray())

    def load(self, data: bytes) -> Loaded:
        """A native template made ready for comparison; TEMPLATE_INVALID where it is none."""
        with self._faults():
            return self._class("FingerprintTemplate")(self._array(data))

    def load_record(self, record: bytes) -> Loaded:
        """The one view of a minutiae record (ISO/IEC 19794-2, ANSI 378) made ready; TEMPLATE_INVALID."""
        with self._faults():
            return self._class("FingerprintCompatibility").importTemplate(self._array(record))

    def save(self, loaded: Loaded) -> bytes:
        """The native template of a loaded one."""
        return bytes(loaded.toByteArray())

    def empty(self) -> Loaded:
        """A template that scores 0 with any."""
        return self._class("FingerprintTemplate").empty()

    def matcher(self, probe: Loaded) -> Matcher:
        """Scores loaded templates against the probe, 0 upwards, higher is more alike; built once a probe."""
        with self._faults():
            match: Matcher = self._class("FingerprintMatcher")(probe).match
            return match

    def scores(self, probe: Loaded, references: Sequence[Loaded]) -> NDArray[np.float32]:
        """float32 (len(references),), without the interpreter lock while it compares."""
        match = self.matcher(probe)
        with self._faults():
            return np.fromiter((match(each) for each in references), np.float32, len(references))

    def pairing(self, probe: Loaded, reference: Loaded) -> bytes | None:
        """The engine's own account (CBOR) of which minutiae it paired; None where none came together."""
        match, written = self.matcher(probe), self._jpype().JClass("java.io.ByteArrayOutputStream")()
        account = self._class("FingerprintTransparency").zip(written)
        try:
            match(reference)
        finally:
            account.close()
        with zipfile.ZipFile(io.BytesIO(bytes(written.toByteArray()))) as opened:
            return next((opened.read(name) for name in opened.namelist() if BEST_PAIRING in name), None)

    def _class(self, name: str) -> Any:  # noqa: ANN401
        return self._jpype().JClass(f"{PACKAGE}.{name}")

    def _array(self, data: bytes) -> Any:  # noqa: ANN401
        jpype = self._jpype()
        return jpype.JArray(jpype.JByte)(data)

    def _jpype(self) -> Any:  # noqa: ANN401
        if self._started is None:
            with self._starting:
                self._started = start_jvm(self._library, self._jars, self._memory)
        return self._started

    @contextmanager
    def _faults(self) -> Iterator[None]:
        jpype = self._jpype()
        try:
            yield
        except jpype.JException as fault:
            refused = isinstance(fault, jpype.JClass("java.lang.IllegalArgumentException"))
            raise (_invalid() if refused else _failed(type(fault).__name__)) from None


def _invalid() -> BiometricServiceError:
    message = "SourceAFIS cannot read the template."
    return BiometricServiceError(ErrorCode.TEMPLATE_INVALID, message, "Make it again from the sample.")


def _failed(kind: str) -> BiometricServiceError:
    message = f"SourceAFIS failed ({kind})."
    action = "If it is an OutOfMemoryError, raise BIOMETRIC_SOURCEAFIS_MEMORY; else see the log."
    return BiometricServiceError(ErrorCode.INTERNAL, message, action)
