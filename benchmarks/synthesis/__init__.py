"""Synthetic fingerprints: ridge patterns from singular points, several impressions a finger."""
