"""Four fingers put down at once: each by itself, which hand they are of, and what to ask of the person."""
