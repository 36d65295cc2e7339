"""What is raised where agencies do not understand one another."""

from biometric_service.errors import BiometricServiceError, ErrorCode


def refused(why: str) -> BiometricServiceError:
    """MESSAGE_REFUSED."""
    action = "Write it as docs/how_to/share_with_agencies.md says, under an agreement in force."
    return BiometricServiceError(ErrorCode.MESSAGE_REFUSED, f"The message is not taken. {why}", action)


def unproven(why: str) -> BiometricServiceError:
    """DELIVERY_FAILED."""
    action = "Ask the agency; what was sent is kept and is sent again on demand."
    return BiometricServiceError(ErrorCode.DELIVERY_FAILED, f"The delivery is not proven. {why}", action)


def not_allowed(why: str) -> BiometricServiceError:
    """SHARING_REFUSED."""
    action = "Have an agreement that allows it proposed and signed by two officers."
    return BiometricServiceError(ErrorCode.SHARING_REFUSED, why, action)


def unfit(message: str, action: str) -> BiometricServiceError:
    """SHARING_CONFLICT."""
    return BiometricServiceError(ErrorCode.SHARING_CONFLICT, message, action)
