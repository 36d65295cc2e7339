"""Two whole services on one store: whom one enrols the other knows when it is next asked, on every database."""

from pathlib import Path

import pytest

from benchmarks.service import visibility


@pytest.mark.models
@pytest.mark.timeout(900)
def test_whom_one_service_enrols_the_other_knows_at_the_first_asking(store_url: str, tmp_path: Path) -> None:
    figures = visibility.run(store_url, tmp_path, people=1)
    assert figures.at_first_asking == 1
