"""Watches what devices deliver and what is decided on it, from the audit log alone."""
