import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.weights.cache import RECORD, WeightsCache


def writer(content: bytes) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / "model.onnx").write_bytes(content)

    return make


def never(folder: Path) -> None:
    pytest.fail(f"{folder} is made twice")


def run(code: str, root: Path) -> subprocess.Popen[bytes]:
    prelude = "import sys; from pathlib import Path; from biometric_service.weights.cache import WeightsCache\n"
    return subprocess.Popen([sys.executable, "-c", prelude + textwrap.dedent(code), str(root)], stdout=subprocess.PIPE)


def test_a_folder_is_made_once_and_found_again(tmp_path: Path) -> None:
    cache = WeightsCache(tmp_path)
    assert not cache.holds("m/1")
    first = cache.folder("m/1", writer(b"weights"))
    assert cache.holds("m/1")
    assert WeightsCache(tmp_path).folder("m/1", never) == first
    assert (first / "model.onnx").read_bytes() == b"weights"


def test_the_record_is_what_sha256sum_checks(tmp_path: Path) -> None:
    folder = WeightsCache(tmp_path).folder("m/1", writer(b"weights"))
    subprocess.run(["sha256sum", "--check", "--strict", RECORD], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize("damage", ["truncated", "changed", "gone", "added", "record gone", "record garbled"])
def test_a_folder_that_is_not_as_it_was_made_is_refused_and_left_alone(tmp_path: Path, damage: str) -> None:
    cache = WeightsCache(tmp_path)
    folder = cache.folder("m/1", writer(b"weights"))
    model = folder / "model.onnx"
    match damage:
        case "truncated":
            model.write_bytes(b"weigh")
        case "changed":
            model.write_bytes(b"Weights")
        case "gone":
            model.unlink()
        case "added":
            (folder / "more").write_bytes(b"")
        case "record gone":
            (folder / RECORD).unlink()
        case _:
            (folder / RECORD).write_bytes(b"\xff")
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(BiometricServiceError) as caught:
        cache.folder("m/1", never)
    assert caught.value.code is ErrorCode.MODEL_HASH_MISMATCH
    assert "m/1" in caught.value.action
    assert sorted(path.name for path in folder.iterdir()) == before


def test_what_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_bytes(b"half")
        raise RuntimeError("no")

    cache = WeightsCache(tmp_path)
    with pytest.raises(RuntimeError):
        cache.folder("m/1", fail)
    assert [path.name for path in (tmp_path / "m").iterdir()] == ["1.lock"]
    cache.folder("m/1", writer(b"weights"))


def test_threads_that_ask_at_once_make_it_once(tmp_path: Path) -> None:
    made: list[int] = []
    together = threading.Barrier(8)

    def make(folder: Path) -> None:
        made.append(1)
        writer(b"weights")(folder)

    def ask() -> None:
        together.wait()
        WeightsCache(tmp_path).folder("m/1", make)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_processes_that_ask_at_once_make_it_once(tmp_path: Path) -> None:
    code = """
        import time
        def make(folder):
            print("made", flush=True)
            time.sleep(0.3)
            (folder / "model.onnx").write_bytes(b"weights")
        WeightsCache(Path(sys.argv[1])).folder("m/1", make)
    """
    processes = [run(code, tmp_path) for _ in range(3)]
    said = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert b"".join(said).split() == [b"made"]


def test_a_process_killed_half_way_leaves_nothing_that_counts(tmp_path: Path) -> None:
    code = """
        import time
        def make(folder):
            (folder / "model.onnx").write_bytes(b"weig")
            print("half", flush=True)
            time.sleep(60)
        WeightsCache(Path(sys.argv[1])).folder("m/1", make)
    """
    with run(code, tmp_path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    cache = WeightsCache(tmp_path)
    assert not cache.holds("m/1")
    assert (cache.folder("m/1", writer(b"weights")) / "model.onnx").read_bytes() == b"weights"
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == ["1", "1.lock"]


def test_a_child_that_outlives_its_killed_process_does_no_harm(tmp_path: Path) -> None:
    code = """
        import subprocess
        def make(folder):
            script = 'echo $$; while sleep 0.02; do mkdir -p "$0/late"; echo late > "$0/late/file"; done'
            with subprocess.Popen(["sh", "-c", script, str(folder)]) as child:
                child.wait()
        WeightsCache(Path(sys.argv[1])).folder("m/1", make)
    """
    with run(code, tmp_path) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        try:
            folder = WeightsCache(tmp_path).folder("m/1", writer(b"weights"))
            time.sleep(0.1)
        finally:
            os.kill(child, signal.SIGKILL)
    assert WeightsCache(tmp_path).folder("m/1", never) == folder
    assert sorted(path.name for path in folder.iterdir()) == [RECORD, "model.onnx"]


def test_a_disk_without_room_is_said_to_be_one(tmp_path: Path) -> None:
    code = """
        import resource, signal
        from biometric_service.errors import BiometricServiceError
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        def make(folder):
            (folder / "model.onnx").write_bytes(bytes(2000))
        try:
            WeightsCache(Path(sys.argv[1])).folder("m/1", make)
        except BiometricServiceError as fault:
            print(fault)
    """
    said = run(code, tmp_path).communicate()[0].decode()
    assert said.startswith("model_unavailable: The model cache cannot be written (File too large).")
    assert [path.name for path in (tmp_path / "m").iterdir()] == ["1.lock"]


def test_a_place_that_cannot_be_written_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BiometricServiceError) as caught:
        WeightsCache(tmp_path / "file").folder("m/1", never)
    assert caught.value.code is ErrorCode.MODEL_UNAVAILABLE
    assert "BIOMETRIC_MODEL_CACHE" in caught.value.action
