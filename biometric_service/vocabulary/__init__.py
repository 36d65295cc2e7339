"""The nouns that pass between the stages: frozen, validated, with no behaviour of their own."""
