"""The one way out: every URL that a caller or a setting names is asked through this gate."""
