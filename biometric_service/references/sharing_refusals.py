"""What sharing refuses, said once."""

from biometric_service.errors import BiometricServiceError, ErrorCode


def agreement_unknown() -> BiometricServiceError:
    """AGREEMENT_UNKNOWN."""
    return BiometricServiceError(ErrorCode.AGREEMENT_UNKNOWN, "There is no such agreement.", "Check its id.")


def no_agreement(why: str = "No agreement in force allows it.") -> BiometricServiceError:
    """SHARING_REFUSED."""
    action = "Have an agreement that allows it proposed and signed by two officers."
    return BiometricServiceError(ErrorCode.SHARING_REFUSED, why, action)


def disclosure_unknown() -> BiometricServiceError:
    """DISCLOSURE_UNKNOWN."""
    return BiometricServiceError(ErrorCode.DISCLOSURE_UNKNOWN, "There is no such disclosure.", "Check its id.")


def request_unknown() -> BiometricServiceError:
    """AGENCY_REQUEST_UNKNOWN."""
    message, action = "There is no such request of an agency.", "Check its id."
    return BiometricServiceError(ErrorCode.AGENCY_REQUEST_UNKNOWN, message, action)


def conflict(case: str) -> BiometricServiceError:
    """SHARING_CONFLICT."""
    return BiometricServiceError.of(ErrorCode.SHARING_CONFLICT, case)
