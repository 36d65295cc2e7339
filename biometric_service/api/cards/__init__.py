"""Cards as they are printed."""
