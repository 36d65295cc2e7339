"""``python -m biometric_service`` serves; with a command it is the same as ``biometric-service``."""

import sys

from biometric_service.cli import main

if len(sys.argv) == 1:
    sys.argv.append("serve")
main()
