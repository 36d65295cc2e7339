"""The hash chain over everything that was asked and answered."""
