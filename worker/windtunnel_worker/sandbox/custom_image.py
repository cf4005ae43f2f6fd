"""Builds a sandbox image with additional libraries: the shipped image, and wheels on top of it.

pip downloads the wheels on this machine, unless they are given; the build itself has no network. A label lists the
libraries, so that validators know what programs may import.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from windtunnel.errors import ImageBuildFailed, SandboxError
from windtunnel_worker.sandbox import images
from windtunnel_worker.sandbox.engine import engine, engine_errors

DOCKERFILE = Path(__file__).with_name("custom_image.dockerfile")
BUILD_TIMEOUT_S = 900
"""How long a step of a build may be silent."""
MOST_TOLD = 1500
"""Characters of a tool's last words in an error."""
LOOK = """
import importlib.metadata, importlib.util, json, platform, re
modules = {}
for module, names in importlib.metadata.packages_distributions().items():
    found = module.isidentifier() and module[0] != "_" and importlib.util.find_spec(module)
    for name in set(names):  # some wheels list folders of their sources that they do not hold
        modules.setdefault(re.sub(r"[-_.]+", "-", name).lower(), []).extend([module] if found else [])
versions = {name: importlib.metadata.version(name) for name in modules}
print(json.dumps({"modules": modules, "versions": versions, "machine": platform.machine(),
                  "python": platform.python_version_tuple()[:2], "glibc": platform.libc_ver()[1]}))
"""
"""Prints what an image holds, as JSON."""
IMPORT = """
import importlib, os, sys
failed = 0
for name in {modules!r}:
    try:
        importlib.import_module(name)
    except BaseException as error:
        failed = 1
        print(f"{{name}}: {{type(error).__name__}}: {{error}}", file=sys.stderr, flush=True)
os._exit(failed)
"""
"""Imports each of these modules, and says on stderr which do not load."""


def build(requirements: Sequence[str], tag: str, base: str, wheels: Path | None = None) -> images.Image:
    """Build `tag` on top of the image `base`. `requirements` are pip's, e.g. `networkx` or `networkx>=3`.

    `wheels`: a folder that has all the wheels, those of dependencies too; without it pip downloads them.

    Raises:
        ImageNotFound: the base is not on this host.
        ImageBuildFailed: a wheel is missing or does not fit, or a library does not load in a sandbox.

    """
    if not requirements:
        raise ImageBuildFailed("No package is named.", remedy="Name packages, or give a file with -r.")
    for line in requirements:
        _refuse_options(line)
    under = images.find(base)
    if tag in (base, under.digest):
        raise ImageBuildFailed(f"{tag!r} is the image to build on.", remedy="Give another name with --tag.")
    before = _look(under.digest)
    with tempfile.TemporaryDirectory(prefix="windtunnel-image-") as folder:
        context = Path(folder)
        (context / "constraints.txt").write_text(_pins(before), encoding="utf-8")
        (context / "requirements.txt").write_text("\n".join(requirements) + "\n", encoding="utf-8")
        shutil.copy(DOCKERFILE, context / "Dockerfile")
        shutil.copytree(_pip(), context / "pip" / "pip", ignore=shutil.ignore_patterns("__pycache__"))
        if wheels is not None:
            _copy(wheels, context / "wheels")
        else:
            _download(context, before)
        built = _docker_build(context, under.digest)
    try:
        after = _look(built)
        added = {name: after["modules"][name] for name in after["versions"] if name not in before["versions"]}
        modules = sorted({one for found in added.values() for one in found})
        _load(built, modules)
        return _label(built, tag, under, modules)
    except BaseException:
        _remove(built)
        raise


def read_requirements(file: Path) -> list[str]:
    """The lines of a requirements file, joined where a backslash continues them, without comments.

    Raises:
        ImageBuildFailed: it cannot be read, or has an option that would reach beyond it.

    """
    try:
        text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ImageBuildFailed(f"{file} cannot be read: {why}.", remedy="Give a text file in UTF-8.") from error
    lines = [line.partition(" #")[0].strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    for line in lines:
        _refuse_options(line)
    return lines


def _refuse_options(line: str) -> None:
    if line.lstrip().startswith("-"):
        raise ImageBuildFailed(
            f"The option {line.split(maxsplit=1)[0]!r} is not taken.",
            remedy="List packages only, e.g. networkx>=3; give a folder of wheels with --wheels.",
        )


def _pins(held: dict[str, Any]) -> str:
    """Constraints: what the image holds keeps its version, since its policy was made for that."""
    return "".join(f"{name}=={version}\n" for name, version in sorted(held["versions"].items()))


def _pip() -> Path:
    found = find_spec("pip")
    if found is None or found.origin is None:
        raise ImageBuildFailed(
            f"The Python at {sys.executable} has no pip.", remedy=f"Install it: {sys.executable} -m ensurepip."
        )
    return Path(found.origin).parent


def _copy(wheels: Path, target: Path) -> None:
    found = sorted(wheels.glob("*.whl")) if wheels.is_dir() else []
    if not found:
        raise ImageBuildFailed(
            f"{wheels} holds no wheels.", remedy="Fill it with `pip download --only-binary :all: -d FOLDER PACKAGE…`."
        )
    target.mkdir()
    for wheel in found:
        shutil.copy(wheel, target)


def _download(context: Path, held: dict[str, Any]) -> None:
    """Resolve on this machine for the image's interpreter and processor, then fetch what the image lacks."""
    options = _platform(held)
    resolve = ["install", "--dry-run", "--ignore-installed", "--report", str(context / "report.json"), *options]
    _run_pip([*resolve, "--target", str(context / "none"), "-c", "constraints.txt", "-r", "requirements.txt"], context)
    report = json.loads((context / "report.json").read_text(encoding="utf-8"))
    chosen = {item["metadata"]["name"]: item["metadata"]["version"] for item in report["install"]}
    missing = [f"{name}=={version}" for name, version in chosen.items() if _plain(name) not in held["versions"]]
    (context / "wheels").mkdir()
    if missing:
        _run_pip(["download", "--no-deps", "-d", "wheels", *options, *missing], context)


def _platform(held: dict[str, Any]) -> list[str]:
    """Options of pip for wheels that run in the image, whatever this machine is."""
    version = "".join(held["python"])
    newest = int((held["glibc"] or "2.28").rpartition(".")[2])
    platforms = [f"manylinux_2_{minor}_{held['machine']}" for minor in range(newest, 4, -1)]
    platforms.append(f"manylinux2014_{held['machine']}")
    abis = (f"cp{version}", "abi3", "none")
    return [
        *("--only-binary", ":all:", "--implementation", "cp", "--python-version", ".".join(held["python"])),
        *(word for abi in abis for word in ("--abi", abi)),
        *(word for platform in platforms for word in ("--platform", platform)),
    ]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _run_pip(arguments: Iterable[str], folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ImageBuildFailed(
            f"pip found no wheels that fit the image: {_last_words(done.stderr)}",
            remedy="Name packages that have wheels for the image's Python and processor, and agree with what it holds "
            "(`windtunnel image list`); or give the wheels with --wheels FOLDER.",
        )


def _docker_build(context: Path, base: str) -> str:
    """Build without a network; the image's id. Nothing else is left, whether it succeeds or fails."""
    from docker.errors import BuildError

    stage = secrets.token_hex(8)
    with engine_errors():
        try:
            image, _ = engine().images.build(
                path=str(context),
                buildargs={"BASE": base, "STAGE": stage},
                network_mode="none",
                rm=True,
                forcerm=True,
                timeout=BUILD_TIMEOUT_S,
            )
        except BuildError as error:
            said = "".join(str(line.get("stream", "")) for line in error.build_log)
            said = re.sub(r"\x1b\[\d+m", "", said).rpartition("Running in")[2].partition("Removing intermediate")[0]
            raise ImageBuildFailed(
                f"The libraries cannot be installed: {_last_words(said)}",
                remedy="Give wheels of all packages and of what they need that the image lacks, for its Python and "
                "processor; what the image holds keeps its version.",
            ) from error
        finally:
            with contextlib.suppress(SandboxError), engine_errors():
                engine().images.prune({"dangling": True, "label": f"windtunnel.stage={stage}"})
    return str(image.id)


def _look(image: str) -> dict[str, Any]:
    """What an image holds, as its own interpreter sees it."""
    return dict(json.loads(_run(image, LOOK)))


def _load(image: str, modules: Sequence[str]) -> None:
    """Import each added module as a sandbox would: without a network, on a read-only root."""
    try:
        _run(image, IMPORT.format(modules=list(modules)))
    except ImageBuildFailed as error:
        raise ImageBuildFailed(
            f"Not all libraries load in a sandbox. {error.message}",
            remedy="Add the packages that are missing, or leave out what does not load without a network or a display.",
        ) from error


def _run(image: str, program: str) -> str:
    """What a program prints in a locked-down container of the image; `ImageBuildFailed` if it does not end well."""
    with engine_errors(image):
        container = engine().containers.create(
            image,
            ["-P", "-s", "-B", "-c", program],
            entrypoint="python3",
            network_mode="none",
            read_only=True,
            tmpfs={"/tmp": ""},  # noqa: S108 - the container's own
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            mem_limit="2g",
            pids_limit=200,
        )
        try:
            container.start()
            status = container.wait(timeout=BUILD_TIMEOUT_S)["StatusCode"]
            out, err = (container.logs(stdout=one, stderr=not one).decode(errors="replace") for one in (True, False))
        finally:
            container.remove(force=True)
    if status:
        raise ImageBuildFailed(_last_words(err), remedy="Build on an image that sandbox_image/build.sh made.")
    return str(out)


def _label(built: str, tag: str, under: images.Image, modules: Sequence[str]) -> images.Image:
    """Name the image, with what validators and `image list` have to know."""
    known = sorted({*modules, *(under.libraries or "").split()})
    labels = {images.LIBRARIES: " ".join(known), images.BASE: under.digest, "windtunnel.inputs": ""}
    lines = [f"FROM {built}", *(f"LABEL {name}={json.dumps(value)}" for name, value in labels.items())]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Dockerfile").write_text("\n".join(lines) + "\n", encoding="utf-8")
        with engine_errors():
            engine().images.build(path=folder, tag=tag, network_mode="none", rm=True, timeout=BUILD_TIMEOUT_S)
    return images.find(tag)


def _remove(image: str) -> None:
    """Leave nothing of a failed build, as far as Docker allows."""
    with contextlib.suppress(SandboxError), engine_errors():
        engine().images.remove(image, force=True)


def _last_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("WARNING")]
    return " ".join(lines[-6:])[-MOST_TOLD:]
