"""Frames signed with the key of the scanner that took them, so that whoever gets them knows which one it was."""
