"""USB fingerprint readers through libfprint (LGPL), in a process of the system's own Python for each reader."""
