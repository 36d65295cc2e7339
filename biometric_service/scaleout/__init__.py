"""The gallery beyond one machine."""
