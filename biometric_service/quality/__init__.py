"""How good a located sample is, and what the officer or the subject can do about it."""
