"""`windtunnel image add`: an operator's own image, and the validator that follows it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import unique

from windtunnel.contract import LANGUAGES, Job, Outcome
from windtunnel.errors import ImageBuildFailed
from windtunnel_worker.embedded.manager import SandboxManager
from windtunnel_worker.sandbox import Assignment, Executor, custom_image, images
from windtunnel_worker.sandbox.engine import engine
from windtunnel_worker.sandbox.inventory import Inventory
from windtunnel_worker.settings import HostSettings

USES = "import wt_average\nemit(mean=wt_average.mean([1.0, 2.0, 3.0]))"


def a_wheel(folder: Path, name: str, code: str, *needs: str) -> None:
    """A wheel of one module."""
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        info, needed = f"{name}-1.0.dist-info", "".join(f"Requires-Dist: {one}\n" for one in needs)
        wheel.writestr(f"{name}.py", code)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needed}")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    a_wheel(
        folder,
        "wt_average",
        "import numpy\nimport wt_helper\nmean = wt_helper.twice(numpy.mean)\n",
        "wt_helper",
        "numpy",
    )
    a_wheel(folder, "wt_helper", "def twice(f):\n    return lambda x: 2.0 * float(f(x))\n")
    a_wheel(folder, "wt_incomplete", "x = 1\n", "wt_nowhere")
    a_wheel(folder, "wt_broken", "import nothing_of_this_name\n")
    a_wheel(folder, "wt_older", "x = 1\n", "numpy<2")
    return folder


@pytest.fixture(scope="module")
def own_image(tested_image: images.Image, wheels: Path) -> Iterator[images.Image]:
    tag = f"windtunnel/sandbox-test:{unique('own')}"
    yield custom_image.build(["wt_average>=1"], tag, tested_image.name, wheels)
    engine().images.remove(tag, force=True)


def stages_left() -> list[str | None]:
    """What builds left of their first stage; a language's own is the next build's cache."""
    left = engine().images.list(filters={"dangling": True, "label": "windtunnel.stage"})
    return [one.id for one in left if one.labels["windtunnel.stage"] not in LANGUAGES]


def test_programs_of_an_own_image_import_what_it_adds(own_image: images.Image, settings: HostSettings) -> None:
    assert own_image.libraries == "wt_average wt_helper"
    assert own_image in images.own()
    assert stages_left() == []
    inventory = Inventory(settings, every_s=0)
    assert f"image:{own_image.name}" in inventory.has()
    assert inventory.libraries[own_image.name] == own_image.libraries
    manager = SandboxManager()
    named = manager.run_job(Job(code=USES, image=own_image.name))
    assert (named.outcome, named.execution and named.execution.values) == (Outcome.SUCCEEDED, {"mean": 4.0})
    assert manager.run_job(Job(code=USES)).outcome is Outcome.REJECTED
    default = SandboxManager(docker_image=own_image.name).run_job(Job(code=USES))
    assert default.outcome is Outcome.SUCCEEDED, default.message


@pytest.mark.parametrize(
    ("named", "at_fault"),
    [("windtunnel/none:such", False), ("registry:5000/none@sha256:" + 64 * "0", False), (None, True)],
)
def test_a_host_is_not_at_fault_for_the_image_that_a_job_names(
    settings: HostSettings, named: str | None, at_fault: bool
) -> None:
    executor = Executor(settings.model_copy(update={"default_image": "windtunnel/none:such"}), "tests")
    execution = executor.execute(Assignment(f"{unique('image')}-0", 1, Job(code=USES, image=named)))
    assert "is not on this host" in execution.message
    assert (execution.outcome, execution.host_at_fault) == (Outcome.INFRASTRUCTURE_ERROR, at_fault)


@pytest.mark.parametrize(
    ("package", "told"),
    [
        ("wt_incomplete", "wt_nowhere"),
        ("wt_broken", "nothing_of_this_name"),
        ("wt_older", "numpy"),
    ],
)
def test_what_cannot_work_is_refused_and_leaves_no_image(
    package: str, told: str, tested_image: images.Image, wheels: Path
) -> None:
    tag = f"windtunnel/sandbox-test:{unique('refused')}"
    with pytest.raises(ImageBuildFailed, match=told):
        custom_image.build([package], tag, tested_image.name, wheels)
    assert engine().api.images(tag) == []
    assert stages_left() == []
