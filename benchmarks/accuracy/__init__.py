"""Accuracy by ISO/IEC 19795, through the very pipeline the service runs."""
