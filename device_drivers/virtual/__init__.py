"""A device that is not there: for trying things out, and to hold the others against."""
