from pathlib import Path

import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.settings import MANIFESTS
from biometric_service.weights.manifest import Colour, NpmSource, Task, read_manifest

GOOD = """
name = "example"
version = "1"
task = "face-embedding"
licence = "MIT"
redistributable = true
[[source]]
kind = "npm"
package = "@scope/models"
version = "3.0.4"
archive_sha256 = "adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935"
recipe = "mobilefacenet_tfjs"
files = [{ path = "package/a.json", sha256 = "bfbf27662ca1080dfd1b0a884aa166c135c1b7746b57385ecb44268828beb82a" }]
[[source]]
kind = "url"
[[source.files]]
path = "a.onnx"
sha256 = "bfbf27662ca1080dfd1b0a884aa166c135c1b7746b57385ecb44268828beb82a"
url = "https://models.example/a.onnx"
[input]
size = [112, 112]
colour = "rgb"
scale = [1.0, 2.0, 3.0]
alignment = [[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.3, 0.8], [0.7, 0.8]]
[output]
dimension = 192
[calibration.cosine]
raw = [0.1, 0.3]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "model.toml"
    path.write_text(text)
    return path


def test_a_manifest_says_all_that_the_engine_needs(tmp_path: Path) -> None:
    manifest = read_manifest(written(tmp_path, GOOD))
    assert (manifest.task, manifest.input.colour, manifest.input.size) == (Task.FACE_EMBEDDING, Colour.RGB, (112, 112))
    assert manifest.input.scale == (1.0, 2.0, 3.0)
    assert isinstance(manifest.sources[0], NpmSource)
    assert manifest.calibration["cosine"]["raw"] == [0.1, 0.3]


@pytest.mark.parametrize("path", sorted(MANIFESTS.glob("*/model.toml")), ids=lambda path: path.parent.name)
def test_every_manifest_of_the_project_is_valid_free_to_use_and_has_a_card(path: Path) -> None:
    manifest = read_manifest(path)
    assert manifest.name == path.parent.name
    assert manifest.redistributable
    assert manifest.licence in (path.parent / "CARD.md").read_text()


@pytest.mark.parametrize(
    ("right", "wrong", "key", "expected"),
    [
        ('name = "example"', "", "name", "required"),
        ('name = "example"', 'name = "Ex ample"', "name", "pattern"),
        ("redistributable = true", 'redistributable = "yes"', "redistributable", "boolean"),
        ('licence = "MIT"', 'licence = "MIT or so"', "licence", "pattern"),
        ('task = "face-embedding"', 'task = "iris"', "task", "'face-embedding'"),
        ('colour = "rgb"', 'colour = "gbr"', "input.colour", "'bgr', 'rgb' or 'grey'"),
        ("size = [112, 112]", "size = [112]", "input.size", "required"),
        ("size = [112, 112]", "size = [0, 112]", "input.size", "greater than or equal to 1"),
        ("size = [112, 112]", "", "the whole", "input.size"),
        ("scale = [1.0, 2.0, 3.0]", "scale = nan", "input.scale", "finite"),
        ("[0.3, 0.4], [0.7, 0.4]", "[0.3, 0.4]", "input.alignment", "required"),
        ("[0.3, 0.4], [0.7, 0.4]", "[30, 0.4], [0.7, 0.4]", "input.alignment.0.0", "less than or equal to 1"),
        ("dimension = 192", 'decoder = "x"', "the whole", "output.dimension"),
        ('kind = "npm"', 'kind = "conda"', "source.0", "'file', 'pypi', 'npm', 'url'"),
        ('package = "@scope/models"', 'package = "--registry=x"', "package", "pattern"),
        ('version = "3.0.4"', 'version = "latest; rm"', "version", "pattern"),
        ('"package/a.json"', '"../a.json"', "path", "'..'"),
        ('"package/a.json"', '"/etc/passwd"', "path", "relative"),
        ('"package/a.json"', "'a\\b.json'", "path", "slashes"),
        ('archive_sha256 = "adbc', 'archive_sha256 = "zzzz', "archive_sha256", "pattern"),
        ('recipe = "mobilefacenet_tfjs"', 'recipe = "os"', "recipe", "module of biometric_service.weights.recipes"),
        ('recipe = "mobilefacenet_tfjs"', 'recipe = "../x"', "recipe", "pattern"),
        ("https://models", "http://models", "url", "pattern"),
        ("dimension = 192", "dimension = 192\nshape = 3", "output.shape", "not permitted"),
        ('name = "example"', "name == 3", "is not TOML", "line 2"),
    ],
)
def test_every_mistake_is_named_with_its_key_and_what_is_expected(
    tmp_path: Path, right: str, wrong: str, key: str, expected: str
) -> None:
    assert right in GOOD
    with pytest.raises(BiometricServiceError) as caught:
        read_manifest(written(tmp_path, GOOD.replace(right, wrong, 1)))
    assert caught.value.code is ErrorCode.MODEL_INVALID
    assert f"{tmp_path.name}/model.toml" in caught.value.message
    assert key in caught.value.message
    assert expected in caught.value.message


def test_several_files_need_a_recipe(tmp_path: Path) -> None:
    with pytest.raises(BiometricServiceError, match="needs a recipe"):
        read_manifest(
            written(
                tmp_path,
                GOOD.replace(
                    'recipe = "mobilefacenet_tfjs"\nfiles = [',
                    'files = [\n{ path = "b", sha256 = "' + "0" * 64 + '" },',
                ),
            )
        )


@pytest.mark.parametrize("content", [b"\xff\xfe", b""])
def test_a_file_that_is_no_manifest_at_all_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.toml").write_bytes(content)
    with pytest.raises(BiometricServiceError) as caught:
        read_manifest(tmp_path / "model.toml")
    assert caught.value.code is ErrorCode.MODEL_INVALID


def test_a_manifest_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BiometricServiceError, match="cannot be read"):
        read_manifest(tmp_path / "model.toml")
