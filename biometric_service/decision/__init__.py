"""From scores to match, unknown or review, at stated error rates."""
