"""Records that NIST's software writes, and what it makes of ours (through nbis-py)."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from benchmarks.synthesis.impression import make_impression
from benchmarks.synthesis.master import make_master
from benchmarks.throughput.random_encounters import FINGERPRINT_FORMAT
from biometric_service.errors import BiometricServiceError
from biometric_service.templates.minutiae_exchange import templates_of
from biometric_service.templates.minutiae_record import Edition, MinutiaeRecord
from biometric_service.templates.minutiae_records import read_record, write_record


@pytest.fixture(scope="module")
def written() -> tuple[bytes, list[tuple[int, int]]]:
    """A record by nbis-py, and where its minutiae are."""
    import nbis  # noqa: PLC0415 (an extra)

    file = io.BytesIO()
    Image.fromarray(make_impression(make_master(5), 1)).save(file, "PNG", dpi=(500, 500))
    settings = nbis.NbisExtractorSettings(
        min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=False, ppi=500
    )
    minutiae = nbis.new_nbis_extractor(settings).extract_minutiae(file.getvalue())
    return bytes(minutiae.to_iso_19794_2_2005()), [(each.x(), each.y()) for each in minutiae.get()]


def test_what_nbis_wrote_breaks_the_standard(written: tuple[bytes, list[tuple[int, int]]]) -> None:
    with pytest.raises(BiometricServiceError, match="leniently"):
        read_record(written[0])


def test_what_nbis_wrote_is_read_with_every_minutia(written: tuple[bytes, list[tuple[int, int]]]) -> None:
    data, places = written
    record = read_record(data, strict=False)
    assert record.edition is Edition.ISO_2005
    assert len(places) > 20
    assert [(each.x, each.y) for each in record.views[0].minutiae] == places
    (template,) = templates_of(record, FINGERPRINT_FORMAT)
    assert len(template.kinds) == len(places)
    assert template.size == (388, 374)


def test_written_again_it_is_as_the_standard_has_it(written: tuple[bytes, list[tuple[int, int]]]) -> None:
    (view,) = read_record(written[0], strict=False).views
    mended = MinutiaeRecord(Edition.ISO_2005, (replace(view, resolution=(197, 197)),))
    assert read_record(write_record(mended)) == mended
