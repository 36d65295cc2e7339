"""USB and built-in cameras (Video4Linux), in a process of its own for each, which needs the standard library alone."""
