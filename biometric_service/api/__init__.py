"""HTTP: our own operations under ``/v1/operations``, health, and what every answer has in common."""
