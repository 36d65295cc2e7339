"""One module a target, each with a ``TARGET``; whatever is put here is found."""

import pkgutil


def names() -> list[str]:
    """The dotted names of all targets."""
    return [f"{__name__}.{each.name}" for each in pkgutil.iter_modules(__path__)]
