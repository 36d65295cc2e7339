"""How soon a device that gets worse is found, and how often one that does not is taken for one that does."""
