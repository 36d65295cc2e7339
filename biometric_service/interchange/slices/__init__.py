"""Slices of the gallery as they go to a device: written, sealed to its key, signed by the service."""
