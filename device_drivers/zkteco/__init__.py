"""ZKTeco terminals that push what they saw (ADMS): events, no images. Their templates are the maker's own."""
