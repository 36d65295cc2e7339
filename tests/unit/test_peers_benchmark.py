"""The benchmarks beside other programs run, on synthetic prints, and count what there is to count."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from benchmarks.accuracy import quality
from benchmarks.peers import fingerprint as peers
from benchmarks.synthesis.impression import make_impression
from benchmarks.synthesis.master import make_master

pytestmark = [pytest.mark.models, pytest.mark.slow]
FINGERS, IMPRESSIONS = 3, 2


@pytest.fixture(scope="module")
def prints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (find_spec("nbis") and find_spec("jpype")):
        pytest.skip("the peers need to be there: install biometric-service[sourceafis,nfiq2]")
    folder = tmp_path_factory.mktemp("prints")
    for finger in range(FINGERS):
        master = make_master(finger + 5)
        for impression in range(IMPRESSIONS):
            Image.fromarray(make_impression(master, impression)).save(folder / f"{101 + finger}_{impression + 1}.png")
    (folder / "dpi").write_text("500")
    return folder


def run(program: object, *words: str) -> dict[str, object]:
    app = typer.Typer()
    app.command()(program.main)  # type: ignore[attr-defined]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_every_peer_is_shown_the_same_pairs(prints: Path, tmp_path: Path) -> None:
    plot = tmp_path / "det.png"
    result = run(peers, str(prints), "--json", "--limit", "2", "--plot", str(plot))
    contenders = result["contenders"]
    assert isinstance(contenders, dict)
    assert list(contenders) == ["ours", "SourceAFIS", "LEADER + SourceAFIS", "mindtct + bozorth3"]
    for shown in contenders.values():
        assert (shown["pooled"]["mated"], shown["pooled"]["nonmated"], shown["fte"]) == (2, 4, 0)
        assert shown["pooled"]["fnmr"]["0.01"] == 0
        assert shown["compare_per_s"] > 0
    assert contenders["ours"]["extractor"] == contenders["LEADER + SourceAFIS"]["extractor"]
    with Image.open(plot) as drawn:
        assert drawn.size[0] > 500


def test_quality_is_held_against_nfiq2_and_outcomes(prints: Path) -> None:
    result = run(quality, "--fingerprints", str(prints), "--json")
    assert (result["impressions"], result["without_nfiq2"]) == (6, 0)
    assert isinstance(result["with_outcomes"], dict)
    assert set(result["with_outcomes"]) == {"native", "nfiq2"}


def test_rank_correlation_knows_order_and_nothing_else() -> None:
    rising = np.array([1.0, 2, 3, 40])
    assert quality.spearman(rising, np.exp(rising)) == pytest.approx(1)
    assert quality.spearman(rising, -rising) == pytest.approx(-1)
    assert quality.spearman(np.array([-np.inf, 0, 1]), np.array([2.0, 3, 9])) == pytest.approx(1)


def test_correlation_leaves_out_what_is_unknown() -> None:
    first, second = np.array([1.0, 2, 3, np.nan]), np.array([1.0, 2, 3, -7])
    assert quality.correlation(first, second, np.arange(4))["spearman"] == pytest.approx(1)
