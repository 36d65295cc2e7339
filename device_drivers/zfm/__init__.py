"""Fingerprint modules on a serial line that speak the ZFM protocol: ZFM-20, R30x, AS608, R503 and their kin."""
