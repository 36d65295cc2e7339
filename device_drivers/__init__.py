"""Capture devices: they know optics and wire, never identity."""
