"""Fixtures every test may use."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings
from pluggy import Result

SHARED_DATA = Path(os.environ.get("BIOMETRIC_SHARED_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
os.environ.setdefault("OMP_NUM_THREADS", "1")  # as the service has it: on a busy machine, threads wait for one another
os.environ.setdefault("BIOMETRIC_FACE_RUNTIME", "onnxruntime")  # not measured anew by every service under test
settings.load_profile("ci")  # the same examples everywhere, and each as long as the machine takes
MUST_RUN = bool(os.environ.get("BIOMETRIC_TESTS_MUST_RUN"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real fingerprints and faces; the test is skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no real data at {SHARED_DATA}: set BIOMETRIC_SHARED_DATA")
    return SHARED_DATA


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Result[pytest.TestReport], None]:
    """Where every test must run (CI), one that was skipped has failed."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and MUST_RUN and item.get_closest_marker("hardware") is None:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} must run here but was skipped: {report.longrepr}"
