from pathlib import Path

import pytest

from biometric_service.cli.people import Reading, by_subject, image_files, parse_numbers
from biometric_service.errors import BiometricServiceError
from biometric_service.vocabulary.samples import Modality


def touch(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"image")


def test_fingers_of_a_set_are_named_after_set_and_finger(tmp_path: Path) -> None:
    touch(tmp_path / "db1", "101_1.png", "101_2.png", "102_1.png", "dpi")
    people = by_subject(image_files([tmp_path], None))
    assert {name: [each.number for each in files] for name, files in people.items()} == {
        "db1-101": [1, 2],
        "db1-102": [1],
    }


def test_a_folder_of_its_own_names_a_person_once(tmp_path: Path) -> None:
    touch(tmp_path / "Ada_Lovelace", "Ada_Lovelace_0001.jpg", "Ada_Lovelace_0002.jpg")
    assert [each.subject for each in image_files([tmp_path], range(2, 3))] == ["Ada_Lovelace"]


def test_what_an_id_may_not_hold_is_replaced(tmp_path: Path) -> None:
    touch(tmp_path / "Æon d'Or", "Æon d'Or_0001.jpg")
    [only] = image_files([tmp_path], None)
    assert only.subject == "on-d-Or"


def test_the_resolution_is_read_from_a_file_beside_the_image(tmp_path: Path) -> None:
    touch(tmp_path / "db2", "101_1.png")
    (tmp_path / "db2" / "dpi").write_text("569\n", encoding="ascii")
    [only] = image_files([tmp_path / "db2" / "101_1.png"], None)
    assert only.read(Reading(Modality.FINGERPRINT)).dpi == 569
    assert only.read(Reading(Modality.FINGERPRINT, dpi=500)).dpi == 500


def test_a_file_of_the_resolution_that_holds_none_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "101_1.png", "dpi")
    [only] = image_files([tmp_path / "101_1.png"], None)
    with pytest.raises(BiometricServiceError, match="dpi holds no resolution"):
        only.read(Reading(Modality.FINGERPRINT))


@pytest.mark.parametrize(("text", "inside", "outside"), [("3", 3, 4), ("1-2", 2, 3), ("3-", 8, 2)])
def test_ranges_of_sample_numbers(text: str, inside: int, outside: int) -> None:
    numbers = parse_numbers(text)
    assert numbers is not None
    assert inside in numbers
    assert outside not in numbers


def test_nothing_found_and_no_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BiometricServiceError, match="No image"):
        image_files([tmp_path], None)
    with pytest.raises(BiometricServiceError, match="no range"):
        parse_numbers("one")
