"""A checkpoint: it asks the service while that can be reached, and decides on its slice while it cannot."""
