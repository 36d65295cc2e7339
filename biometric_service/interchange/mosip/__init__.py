"""MOSIP's interface to an automated biometric identification system (ABIS API 0.9): messages over a broker."""
