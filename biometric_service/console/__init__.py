"""The web pages: rendered here, filled in by the browser through the same HTTP operations that everyone uses."""
