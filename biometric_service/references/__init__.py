"""The only durable truth: subjects, encounters and references, encrypted at rest."""
