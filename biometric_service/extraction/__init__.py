"""A biometric sample becomes a template: the area is located, then the model reads it."""
