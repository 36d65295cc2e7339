"""Targets that are broken on purpose."""
