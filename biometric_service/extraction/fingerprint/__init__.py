"""Fingerprint: ridge area, LEADER minutiae."""
