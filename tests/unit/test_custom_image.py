"""What `windtunnel image add` refuses before anything is built, and how validators hear of an image."""

from __future__ import annotations

from pathlib import Path

import pytest

from windtunnel.errors import ImageBuildFailed
from windtunnel.records.codec import ProgramKey
from windtunnel.records.memory import records_in_memory
from windtunnel_worker.sandbox import custom_image


def test_a_requirements_file_is_read_as_pip_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("# mine\nnetworkx>=3 # graphs\n\nruptures \\\n  ==1.1\n")
    assert [line.split() for line in custom_image.read_requirements(file)] == [["networkx>=3"], ["ruptures", "==1.1"]]


@pytest.mark.parametrize("line", ["--index-url https://example.com", "-e .", "-r other.txt"])
def test_options_in_a_requirements_file_are_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(line)
    with pytest.raises(ImageBuildFailed, match="--wheels"):
        custom_image.read_requirements(file)


@pytest.mark.parametrize("package", ["--index-url=https://example.com", "-e."])
def test_options_in_the_place_of_packages_are_refused(package: str) -> None:
    with pytest.raises(ImageBuildFailed, match="option"):
        custom_image.build([package], "x:own", "x:base")


def test_no_package_is_an_error() -> None:
    with pytest.raises(ImageBuildFailed, match="No package"):
        custom_image.build([], "x:own", "x:base")


def test_hosts_tell_validators_what_images_hold() -> None:
    hosts = records_in_memory().hosts
    hosts.announce({"mine": "networkx ruptures", "-": ""})
    assert hosts.libraries("mine") == {"networkx", "ruptures"}
    assert hosts.libraries("") == hosts.libraries("another") == frozenset()
    hosts.announce({"-": "networkx"})
    assert hosts.libraries("") == {"networkx"}


@pytest.mark.parametrize("image", ["", "mine", "registry:5000/mine:python-own"])
def test_a_program_is_stored_with_the_image_that_it_may_import_from(image: str) -> None:
    program = ProgramKey("0" * 64, "python", image)
    assert ProgramKey.read(str(program)) == program
