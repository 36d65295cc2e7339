"""The native codec gives back exactly what it was given, and refuses everything else."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from benchmarks.throughput.random_encounters import random_embedding, random_minutiae
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.templates import native
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import (
    FaceTemplate,
    MinutiaeTemplate,
    SourceAfisTemplate,
    Template,
    TemplateFormat,
)

MINUTIAE = random_minutiae(np.random.default_rng(1), FingerPosition.LEFT_RING)
FACE = random_embedding(np.random.default_rng(2))
BOTH: list[Template] = [MINUTIAE, FACE]

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def unit(low: float, high: float, shape: int | tuple[int, int]) -> st.SearchStrategy[np.ndarray]:
    return hnp.arrays(np.float32, shape, elements=st.floats(low, high, width=32))


@st.composite
def minutiae(draw: st.DrawFn) -> MinutiaeTemplate:
    count = draw(st.integers(0, 200))
    width, height = draw(st.integers(1, 4000)), draw(st.integers(1, 4000))
    across, down = draw(unit(0, width, (count, 1))), draw(unit(0, height, (count, 1)))
    return MinutiaeTemplate(
        format=TemplateFormat(Modality.FINGERPRINT, draw(names), draw(names)),
        position=draw(st.sampled_from(FingerPosition)),
        positions=np.hstack([across, down]),
        directions=draw(unit(0, 6.25, count)),
        qualities=draw(unit(0, 1, count)),
        kinds=draw(hnp.arrays(np.uint8, count, elements=st.integers(0, 2))),
        size=(width, height),
    )


@st.composite
def faces(draw: st.DrawFn) -> FaceTemplate:
    direction = draw(hnp.arrays(np.float64, st.integers(1, 600), elements=st.floats(0.1, 1)))
    embedding = (direction / np.linalg.norm(direction)).astype(np.float32)
    return FaceTemplate(TemplateFormat(Modality.FACE, draw(names), draw(names)), embedding)


@st.composite
def source_afis(draw: st.DrawFn) -> SourceAfisTemplate:
    form = TemplateFormat(Modality.FINGERPRINT, draw(names), draw(names))
    return SourceAfisTemplate(form, draw(st.sampled_from(FingerPosition)), draw(st.binary(min_size=1, max_size=400)))


def fields(template: Template) -> list[object]:
    values = [getattr(template, name) for name in type(template).__slots__]
    return [(v.dtype, v.shape, v.tobytes()) if isinstance(v, np.ndarray) else v for v in values]


@given(minutiae() | faces() | source_afis())
def test_a_template_comes_back_bit_by_bit(template: Template) -> None:
    data = native.encode(template)
    assert fields(native.decode(data)) == fields(template)
    assert native.encode(native.decode(data)) == data


def test_arrays_that_come_back_are_the_readers_own() -> None:
    decoded = native.decode(native.encode(MINUTIAE))
    assert isinstance(decoded, MinutiaeTemplate)
    assert all(a.base is None or a.base.flags.owndata for a in (decoded.positions, decoded.directions))
    assert all(a.flags.writeable and a.flags.aligned for a in (decoded.positions, decoded.kinds))


def refused(data: bytes) -> bool:
    try:
        native.decode(data)
    except BiometricServiceError as fault:
        return fault.code is ErrorCode.TEMPLATE_INVALID
    return False


def resealed(body: bytes) -> bytes:
    return body + zlib.crc32(body).to_bytes(4, "little")


@pytest.mark.parametrize("template", [MINUTIAE, FACE], ids=["fingerprint", "face"])
def test_truncated_trailing_and_changed_bytes_are_refused(template: Template) -> None:
    data = native.encode(template)
    assert all(refused(data[:length]) for length in range(len(data)))
    assert all(refused(resealed(data[:length])) for length in range(len(data) - 4))
    assert refused(data + b"\0")
    assert refused(resealed(data[:-4] + b"\0"))
    assert all(refused(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]) for at in range(len(data)))


@given(st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    assert refused(noise)
    assert refused(resealed(noise))


@given(st.data())
def test_a_body_with_a_right_checksum_is_refused_or_means_itself(data: st.DataObject) -> None:
    body = bytearray(native.encode(data.draw(st.sampled_from(BOTH)))[:-4])
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    changed = resealed(bytes(body))
    assert refused(changed) or native.encode(native.decode(changed)) == changed


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("positions", np.nan),
        ("positions", np.inf),
        ("positions", -2),
        ("positions", 502),
        ("directions", np.nan),
        ("directions", 6.3),
        ("directions", -0.1),
        ("qualities", 1.01),
        ("qualities", np.nan),
        ("kinds", 3),
    ],
)
def test_a_minutia_out_of_range_is_refused_both_ways(field: str, value: float) -> None:
    bad = random_minutiae(np.random.default_rng(1), FingerPosition.LEFT_RING)
    array = getattr(bad, field)
    plain, body = array.tobytes(), native.encode(bad)[:-4]
    array.flat[3] = value
    with pytest.raises(BiometricServiceError, match="template_invalid"):
        native.encode(bad)
    assert refused(resealed(body.replace(plain, array.tobytes())))


def test_a_face_that_is_not_finite_is_refused() -> None:
    for value in (np.nan, np.inf, 1e30):
        spoilt = FACE.embedding.copy()
        spoilt[0] = value
        body = native.encode(FACE)[:-4].replace(FACE.embedding.tobytes(), spoilt.tobytes())
        assert refused(resealed(body))


def test_what_does_not_fit_a_field_is_refused() -> None:
    long = TemplateFormat(Modality.FACE, "x" * 256, "1")
    with pytest.raises(BiometricServiceError, match="does not fit"):
        native.encode(FaceTemplate(long, FACE.embedding))


def test_bytes_of_version_1_stay_readable() -> None:
    """Written once and never again: templates at rest outlive the code that wrote them."""
    header = b"BSTN\1\0\6\1leader1" + b"\2" + bytes.fromhex("9001 f401 0200")
    minutiae = "0000803f 00000040 00004040 00008040 0000c03f 0000003f 0000403f 0000803e 0102 8506c889"
    template = native.decode(header + bytes.fromhex(minutiae))
    assert isinstance(template, MinutiaeTemplate)
    assert (str(template.format), template.position, template.size) == (
        "leader/1",
        FingerPosition.RIGHT_INDEX,
        (400, 500),
    )
    assert template.positions.tolist() == [[1, 2], [3, 4]]
    assert (template.directions.tolist(), template.qualities.tolist()) == ([1.5, 0.5], [0.75, 0.25])
    assert template.kinds.tolist() == [1, 2]
