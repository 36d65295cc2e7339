"""Sharing with other agencies under agreements: nothing of a person leaves but through ``disclosing``."""
