"""Pictures of what a decision rests on, for those who may see them."""
