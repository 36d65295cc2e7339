"""Codecs: templates to bytes and back."""
