"""MOSIP's messages through a real broker that is killed under them, and messages that nobody can work on."""

from pathlib import Path

import pytest

from benchmarks.service.mosip_broker import measured
from benchmarks.service.rabbitmq import available
from biometric_service.app.mosip import MOST_ATTEMPTS, Attempts

pytestmark = [pytest.mark.slow]


@pytest.mark.models
@pytest.mark.skipif(not available(), reason="needs Debian's rabbitmq-server")
def test_nothing_is_lost_and_nothing_answered_twice_though_the_broker_is_killed() -> None:
    counted = measured(150, kills=1)
    assert (counted.lost, counted.answered_twice, counted.wrong) == (0, 0, 0)
    assert (counted.answered, counted.kills) == (150, 1)


def test_a_message_that_ends_the_process_again_and_again_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "message.json"
    assert [Attempts(file).begin("poison") for _ in range(MOST_ATTEMPTS + 1)] == [1, 2, 3, 4]
    assert Attempts(file).begin("another") == 1
    Attempts(file).done()
    assert Attempts(file).begin("another") == 1
    file.write_text("broken")
    assert Attempts(file).begin("another") == 1
