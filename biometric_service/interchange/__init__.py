"""Records other agencies send and expect."""
