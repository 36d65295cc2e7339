"""MOSIP's Secure Biometric Interface (0.9.5, 1.0): devices behind HTTP whose every answer is signed."""
