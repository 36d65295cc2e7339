"""The use cases: enrolment, identification, verification, movement."""
