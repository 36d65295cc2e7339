"""The same work in one run through ours and our peers'."""
