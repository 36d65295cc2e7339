"""One seed for a folder or gallery, and from it one for each of its fingers."""


def finger_seed(seed: int, finger: int) -> int:
    """The seed of a finger, 1 on: the same for its pictures as for templates made without pictures."""
    return seed * 2**32 + finger
