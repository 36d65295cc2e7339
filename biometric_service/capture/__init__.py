"""A device frame or an uploaded image becomes a biometric sample, or is refused with the reason."""
