import numpy as np
import pytest

from biometric_service.extraction.face.embedding import FaceEmbedding
from biometric_service.extraction.face.joining import joined


def embedding(seed: int, dimension: int, norm: float = 1.0) -> FaceEmbedding:
    vector = np.random.default_rng(seed).normal(size=dimension)
    return FaceEmbedding((vector / np.linalg.norm(vector)).astype(np.float32), norm)


def test_a_joined_cosine_is_the_weighted_mean_of_its_parts() -> None:
    ours, theirs = ([embedding(seed, 8), embedding(seed + 1, 5)] for seed in (1, 3))
    first, second = joined(ours, (0.7, 0.3)), joined(theirs, (0.7, 0.3))
    assert first is not None
    assert second is not None
    cosines = [float(a.vector @ b.vector) for a, b in zip(ours, theirs, strict=True)]
    assert float(first.vector @ second.vector) == pytest.approx(0.7 * cosines[0] + 0.3 * cosines[1], abs=1e-6)
    assert np.linalg.norm(first.vector) == pytest.approx(1)


def test_the_first_embedder_says_how_clear_the_face_is() -> None:
    made = joined([embedding(1, 8, norm=12.0), embedding(2, 5, norm=70.0)], (0.7, 0.3))
    assert made is not None
    assert made.norm == 12


def test_without_one_part_there_is_no_embedding() -> None:
    assert joined([embedding(1, 8), None], (0.7, 0.3)) is None
