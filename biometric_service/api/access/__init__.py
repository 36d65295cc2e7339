"""Who calls: API keys, tokens, certificates and proofs, and how much of the service each may take."""
