"""Biometric information records (CBEFF, ISO/IEC 19785): XML as OASIS and MOSIP have it, and the PIV patron header."""
