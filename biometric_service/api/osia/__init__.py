"""The OSIA ABIS interface, version 1.6.0 (OSIA 7.1): its 22 operations under ``/v1``, as its contract says."""
