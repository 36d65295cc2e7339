"""How likely a sample is an attack rather than a person (ISO/IEC 30107)."""
