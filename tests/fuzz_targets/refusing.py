from benchmarks.fuzz.target import Target
from biometric_service.errors import BiometricServiceError, ErrorCode


def exercise(data: bytes) -> None:
    raise BiometricServiceError(ErrorCode.TEMPLATE_INVALID, f"{len(data)} bytes", "Give others.")


TARGET = Target(exercise, lambda: [b"ab"])
