"""Fixtures every test may use."""

import os
from pathlib import Path

import pytest

SHARED_DATA = Path(os.environ.get("BIOMETRIC_SHARED_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real fingerprints and faces; the test is skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no real data at {SHARED_DATA}: set BIOMETRIC_SHARED_DATA")
    return SHARED_DATA
