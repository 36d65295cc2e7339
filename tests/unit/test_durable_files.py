"""A file is there whole or not at all, on disk before its name is, and its owner's alone."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from stat import S_IMODE
from typing import BinaryIO

import pytest

from biometric_service.durable_files import ANYBODY, making, replacing, write

WAYS: dict[str, Callable[[Path], AbstractContextManager[BinaryIO]]] = {"replacing": replacing, "making": making}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Callable[[Path], AbstractContextManager[BinaryIO]]:
    return WAYS[request.param]


def test_what_is_on_disk_is_flushed_before_the_name_and_the_name_after(
    way: Callable[[Path], AbstractContextManager[BinaryIO]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, seen = tmp_path / "file", list[tuple[bool, bool]]()
    flushed = os.fsync

    def noting(descriptor: int) -> None:
        seen.append((Path(f"/proc/self/fd/{descriptor}").resolve() == tmp_path.resolve(), target.exists()))
        flushed(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    with way(target) as file:
        file.write(b"content")
    assert seen == [(False, False), (True, True)]
    assert target.read_bytes() == b"content"


def test_it_is_its_owners_alone_from_the_first_byte_on(
    way: Callable[[Path], AbstractContextManager[BinaryIO]], tmp_path: Path
) -> None:
    before = os.umask(0)
    try:
        with way(tmp_path / "file"):
            assert [S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()] == [0o600]
    finally:
        os.umask(before)
    assert S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


def test_what_is_broken_off_leaves_nothing(
    way: Callable[[Path], AbstractContextManager[BinaryIO]], tmp_path: Path
) -> None:
    with pytest.raises(InterruptedError), way(tmp_path / "file"):
        raise InterruptedError
    assert not list(tmp_path.iterdir())


def test_the_one_before_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "file"
    write(target, b"before")
    with replacing(target) as file:
        file.write(b"after")
        file.flush()
        assert target.read_bytes() == b"before"
    assert target.read_bytes() == b"after"


def test_what_a_power_cut_left_in_the_place_of_the_draft_is_no_hindrance(tmp_path: Path) -> None:
    left = tmp_path / "file.new"
    left.write_bytes(b"half of an earlier one")
    left.chmod(0o644)
    write(tmp_path / "file", b"whole", left)
    assert [(each.name, S_IMODE(each.stat().st_mode)) for each in tmp_path.iterdir()] == [("file", 0o600)]


def test_one_that_is_there_already_stays(tmp_path: Path) -> None:
    write(tmp_path / "file", b"first")
    with pytest.raises(FileExistsError), making(tmp_path / "file") as file:
        file.write(b"second")
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"first"]


def test_others_may_read_what_is_no_secret(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with replacing(tmp_path / "file", mode=ANYBODY):
            pass
    finally:
        os.umask(before)
    assert S_IMODE((tmp_path / "file").stat().st_mode) == 0o644
