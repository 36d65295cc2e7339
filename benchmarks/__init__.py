"""Every figure in a README or a model card comes from a command in here."""
