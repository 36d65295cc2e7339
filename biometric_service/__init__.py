"""The biometric identification and enrolment service that a prison runs on."""
