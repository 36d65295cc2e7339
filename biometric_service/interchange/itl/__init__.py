"""ANSI/NIST-ITL 1-2011 (2015 update, NIST SP 500-290e3): what transactions mean, by domain profile."""
