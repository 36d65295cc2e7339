"""Damaged bytes in search of crashes: ``python -m benchmarks.fuzz``. See docs/how_to/fuzz.md."""
