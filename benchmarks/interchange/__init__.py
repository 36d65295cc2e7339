"""What interchange withstands."""
