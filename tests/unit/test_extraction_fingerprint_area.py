import numpy as np
import pytest

from benchmarks.synthesis.impression import make_impression
from benchmarks.synthesis.master import make_master
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.extraction.fingerprint.parts import parts
from biometric_service.extraction.fingerprint.resampling import to_500_dpi
from biometric_service.extraction.fingerprint.ridge_waves import ridge_waves
from biometric_service.extraction.fingerprint.segmentation import ridge_mask

Pixels = np.ndarray


@pytest.fixture(scope="module")
def print_on_white() -> Pixels:
    return make_impression(make_master(5), 1)


def waves(length: float, size: int = 200) -> Pixels:
    return (127 + 100 * np.sin(2 * np.pi * np.arange(size) / length) * np.ones((size, 1))).astype(np.uint8)


def everywhere(pixels: Pixels) -> Pixels:
    return np.ones(pixels.shape, np.bool_)


@pytest.mark.parametrize("dpi", [250, 500, 569, 1000])
def test_a_ridge_keeps_its_width_in_millimetres(dpi: float) -> None:
    given = waves(9 * dpi / 500, size=round(300 * dpi / 500))
    resampled = to_500_dpi(given, dpi)
    assert resampled.shape == (300, 300)
    spectrum = np.abs(np.fft.rfft(resampled[150].astype(float) - resampled.mean()))
    assert 300 / spectrum.argmax() == pytest.approx(9, rel=0.03)


def test_ridges_too_fine_for_500_dpi_do_not_come_back_as_others() -> None:
    assert to_500_dpi(waves(2.2, size=1000), 1000).std() < 12


def test_more_than_a_slap_is_refused_before_it_is_enlarged() -> None:
    assert to_500_dpi(np.zeros((1500, 1600), np.uint8), 500).shape == (1500, 1600)
    assert to_500_dpi(np.zeros((3000, 3200), np.uint8), 1000).shape == (1500, 1600)
    for size, dpi in (((1000, 1600), 250), ((7000, 7000), 1000)):
        with pytest.raises(BiometricServiceError) as fault:
            to_500_dpi(np.zeros(size, np.uint8), dpi)
        assert fault.value.code is ErrorCode.IMAGE_TOO_LARGE


def test_the_mask_is_where_the_finger_is(print_on_white: Pixels) -> None:
    mask = ridge_mask(print_on_white)
    dark = print_on_white < 200
    assert dark[mask].mean() > 0.3
    assert dark[~mask].mean() < 0.02


def test_a_dark_frame_is_no_part_of_the_mask(print_on_white: Pixels) -> None:
    height, width = print_on_white.shape
    framed = np.full((height + 120, width + 120), 20, np.uint8)
    framed[10:-10, 10:-10] = 250
    framed[60:-60, 60:-60] = print_on_white
    mask = ridge_mask(framed)
    assert mask[60:-60, 60:-60].sum() > 10_000
    assert mask.sum() < 1.02 * mask[60:-60, 60:-60].sum()


def test_two_fingers_are_both_found(print_on_white: Pixels) -> None:
    pair = np.hstack([print_on_white, np.full((len(print_on_white), 60), 250, np.uint8), print_on_white])
    left, right = np.array_split(ridge_mask(pair), 2, axis=1)
    assert left.sum() > 10_000
    assert right.sum() > 10_000


def test_a_print_looks_like_ridges(print_on_white: Pixels) -> None:
    assert ridge_waves(print_on_white, ridge_mask(print_on_white)).likeness > 0.7


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((200, 200), 128, np.uint8),
        np.random.default_rng(1).integers(0, 256, (200, 200)).astype(np.uint8),
        (np.random.default_rng(2).normal(200, 2, (200, 200))).astype(np.uint8),
        np.repeat(np.linspace(0, 255, 200).astype(np.uint8)[None], 200, axis=0),
        waves(40),
        waves(2.5),
        np.zeros((20, 400), np.uint8),
    ],
    ids=["blank", "noise", "faint noise", "ramp", "coarse", "fine", "too low"],
)
def test_what_is_no_print_does_not(pixels: Pixels) -> None:
    assert ridge_waves(pixels, everywhere(pixels)).likeness < 0.35


def test_outside_the_mask_nothing_counts(print_on_white: Pixels) -> None:
    found = ridge_waves(print_on_white, np.zeros(print_on_white.shape, np.bool_))
    assert found.likeness == 0
    assert not found.clarity.any()


def test_clarity_is_high_on_ridges_and_low_where_they_are_smeared(print_on_white: Pixels) -> None:
    half = print_on_white.shape[1] // 2
    smeared = print_on_white.copy()
    smeared[:, half:] = np.random.default_rng(1).integers(0, 256, smeared[:, half:].shape)
    clarity = ridge_waves(smeared, everywhere(smeared)).clarity
    assert clarity[100:300, half - 100 : half - 30].mean() > 4 * clarity[100:300, half + 30 : half + 100].mean()


def test_clear_waves_are_near_one() -> None:
    clarity = ridge_waves(waves(8), everywhere(waves(8))).clarity
    assert clarity.shape == (200, 200)
    assert (clarity > 0.8).all()
    assert (clarity <= 1).all()


@pytest.mark.parametrize("degrees", [0, 30, 90, 135, 170])
def test_directions_run_along_the_ridges(degrees: float) -> None:
    y, x = np.mgrid[:200, :200]
    along = np.radians(degrees)
    ridges = (127 + 100 * np.cos((x * np.sin(along) + y * np.cos(along)) * 2 * np.pi / 9)).astype(np.uint8)
    off = ridge_waves(ridges, everywhere(ridges)).direction - along
    assert np.abs((off + np.pi / 2) % np.pi - np.pi / 2).max() < np.radians(8)


def test_without_ridges_there_is_no_direction() -> None:
    blank = np.full((100, 100), 128, np.uint8)
    assert np.isnan(ridge_waves(blank, everywhere(blank)).direction).all()


def looked_at(near: Pixels) -> list[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    found = list(parts(near))
    times = np.zeros(near.shape, int)
    for (rows, columns), inner in found:
        times[inner] += 1
        assert rows.start <= inner[0].start < inner[0].stop <= rows.stop
        assert columns.start <= inner[1].start < inner[1].stop <= columns.stop
    assert (times[near] == 1).all()
    return found


def test_a_single_finger_is_looked_at_whole() -> None:
    near = np.zeros((560, 500), np.bool_)
    near[50:100, 20:60] = near[300:400, 200:400] = True
    whole = (slice(0, 560), slice(0, 500))
    assert looked_at(near) == [(whole, whole)]


def test_fingers_of_a_slap_are_looked_at_one_by_one() -> None:
    near = np.zeros((1500, 1600), np.bool_)
    for left in (10, 400, 800, 1200):
        near[200:900, left : left + 350] = True
    assert [inner for _, inner in looked_at(near)] == [
        (slice(200, 900), slice(left, left + 350)) for left in (10, 400, 800, 1200)
    ]


def test_parts_whose_boxes_overlap_are_one() -> None:
    near = np.zeros((900, 900), np.bool_)
    near[100:300, 100:120] = near[280:300, 100:400] = near[120:150, 200:390] = True
    near[600:700, 600:700] = True
    assert len(looked_at(near)) == 2


def test_no_part_is_larger_than_the_network_takes_at_once() -> None:
    near = np.random.default_rng(1).random((1500, 1600)) < 0.9
    found = looked_at(near)
    assert len(found) > 4
    assert all((r.stop - r.start) * (c.stop - c.start) <= (512 + 128) ** 2 for (r, c), _ in found)
