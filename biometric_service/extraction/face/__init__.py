"""Face: detection, five-point alignment, embedding."""
