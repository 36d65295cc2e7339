"""What can be wrong with the master key, as typed errors."""

from biometric_service.errors import BiometricServiceError, ErrorCode


def unusable(message: str, action: str) -> BiometricServiceError:
    """KEY_UNUSABLE: there is no key, it is malformed, or it cannot be reached."""
    return BiometricServiceError(ErrorCode.KEY_UNUSABLE, message, action)


def wrong() -> BiometricServiceError:
    """KEY_WRONG: it is another store's, or the store was put under a new one."""
    return BiometricServiceError(
        ErrorCode.KEY_WRONG,
        "The master key is not the one that this store is under.",
        "Give the right master key (settings master_key, master_key_uri or master_key_file); nothing was written.",
    )
