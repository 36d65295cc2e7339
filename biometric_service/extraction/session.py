"""What this package asks of an inference session; onnxruntime's ``InferenceSession`` is one."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Port(Protocol):
    """An input or output of a model; a free dimension of its shape is a name or None."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def shape(self) -> list[int | str | None]:
        """Its sides."""


class Session(Protocol):
    """A loaded model; safe to run from many threads at once."""

    def get_inputs(self) -> Sequence[Port]:
        """The model's inputs."""

    def get_outputs(self) -> Sequence[Port]:
        """The model's outputs."""

    def run(
        self, output_names: Sequence[str] | None, input_feed: Mapping[str, NDArray[Any]]
    ) -> list[NDArray[np.float32]]:
        """The named outputs, or all of them, for the inputs given by name."""
