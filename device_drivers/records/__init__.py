"""Records that carry images between systems: ANSI/NIST-ITL transactions, ISO/IEC 19794-4 and -5."""
