"""Indexes that find the references most like a probe, kept in step with the store."""
