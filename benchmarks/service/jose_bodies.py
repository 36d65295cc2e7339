"""A hook of schemathesis: how a body in JOSE's compact form is written, which it does not know by itself."""

from typing import Any

import schemathesis


@schemathesis.serializer("application/jose")
def compact(_: schemathesis.SerializationContext, value: Any) -> bytes:  # noqa: ANN401 - whatever was generated
    """The text of the value, whatever it is."""
    return str(value).encode(errors="replace")
