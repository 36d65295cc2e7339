"""Statistics for the observatory, out of the audit log: counted, protected, published once."""
