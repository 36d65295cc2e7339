"""Every text that people read on pages and in reports, in the languages that they read."""
