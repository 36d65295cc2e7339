"""Templates made by SourceAFIS itself; the engine is handed in."""
