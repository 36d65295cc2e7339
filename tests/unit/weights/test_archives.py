import io
import tarfile
from pathlib import Path

import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.weights.archives import extract


def test_only_plain_files_are_taken_out_of_an_archive(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as archive:
        link = tarfile.TarInfo("package/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        folder = tarfile.TarInfo("package/folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        plain = tarfile.TarInfo("package/plain")
        plain.size = 3
        archive.addfile(plain, io.BytesIO(b"abc"))
    for name in ("package/link", "package/folder", "package/none"):
        with pytest.raises(BiometricServiceError) as caught:
            extract(tmp_path / "a.tgz", [name], tmp_path / "out")
        assert caught.value.code is ErrorCode.MODEL_INVALID
    extract(tmp_path / "a.tgz", ["package/plain"], tmp_path / "out")
    assert (tmp_path / "out/package/plain").read_bytes() == b"abc"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not really", b"\x1f\x8b not really"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.tgz").write_bytes(content)
    with pytest.raises(BiometricServiceError) as caught:
        extract(tmp_path / "a.tgz", ["x"], tmp_path / "out")
    assert caught.value.code is ErrorCode.MODEL_INVALID
