"""Capture sessions that help the person: what is before the device is watched, advised on, and taken when good."""
