"""``python -m biometric_service``: the same as ``biometric-service``."""

from biometric_service.cli import main

main()
