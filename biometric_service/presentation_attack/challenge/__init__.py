"""A challenge that needs no weights: turn the head as asked, in time, the same person throughout, and not a picture."""
