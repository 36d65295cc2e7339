"""Model manifests: where weights come from, what they must hash to, how they are converted."""
