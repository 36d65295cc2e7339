"""A probe template against reference templates: raw scores, calibrated to -log10 FMR."""
