"""The Python policy, turned once into the sets that the rules look names up in."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import Any

from windtunnel.validation.policy import STANDARD_MODULES, Policy, words

_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_WRITES = ("to_", "write_", "save_", "dump_", "sink_", "export_")
_READS = ("read_", "load_", "open_", "scan_", "fetch_", "download_")
_STRUCTURAL = (*_WRITES, *_READS)


@dataclass(frozen=True, eq=False)
class Tables:
    """Names by what they mean."""

    surface: dict[str, frozenset[str]]
    lent: dict[str, frozenset[str]]
    """Modules of files → names that only make paths and folders."""
    """Allowed modules with all their public names."""
    packages: frozenset[str]
    """Names that are only a way to an allowed submodule."""
    critical: dict[str, str]
    """Dangerous modules → what they open."""
    reasons: dict[str, str]
    reported: dict[str, str]
    """Names that may be used and are reported → what to write instead."""
    open: frozenset[str]
    closed: dict[str, str]
    """What the image holds and no strategy may import → why."""
    instead: dict[str, str]
    """Libraries, modules and names that may not be used → what to use instead."""
    image: frozenset[str]
    """All top-level modules of other people's that the image holds."""
    others: frozenset[str]
    """Those that may be imported, but for the four listed by hand: their paths and addresses are judged by looks."""
    builtins: dict[str, str]
    """Builtin → its rule."""
    followed: frozenset[str]
    dunders: frozenset[str]
    interpreter: frozenset[str]
    soft_dunders: frozenset[str]
    defined: frozenset[str]
    """Dunders that a class may define though they may not be read."""
    streams: frozenset[str]
    abbreviations: dict[str, str]
    """Names under which libraries keep other modules in their own."""
    frames: frozenset[str]
    modules: frozenset[str]
    private: frozenset[str]
    globals: frozenset[str]
    methods: dict[str, str]
    """Method names judged on any receiver → rule."""
    path_argument: dict[str, tuple[str, int]]
    decorators: frozenset[str]
    """Decorators that give back the function or class that they are given."""
    pure: frozenset[str]
    reading: frozenset[str]
    roots: tuple[str, ...]
    memory: frozenset[str]
    expressions: frozenset[str]
    by_name: dict[str, tuple[str, int]]
    """Methods that take another method by its name → the keyword and the place of that argument."""
    by_name_functions: dict[str, tuple[str, int]]
    by_name_keywords: frozenset[str]
    chosen_keywords: frozenset[str]
    option_words: frozenset[str]
    option_values: frozenset[str]
    path_keywords: frozenset[str]
    judged: frozenset[str]
    """Library functions that may only be called where their arguments are seen."""
    io: frozenset[str]
    aliases: dict[str, str]
    """Modules that an allowed module offers under a name of its own, or that have another name today."""
    own: frozenset[str]
    """Names of modules that only they should have."""
    writable: tuple[str, ...]
    artifacts: str
    artifact_endings: tuple[str, ...]
    dataset_endings: tuple[str, ...]
    """Of file names that the sandbox answers with a dataset."""
    answered: tuple[str, ...]
    """Libraries whose readers it answers."""
    scratch: frozenset[str]
    plain: dict[str, str] = field(default_factory=dict)
    """Verdict on an attribute's name alone, remembered: a rule, or nothing."""

    def allowed_text(self) -> str:
        """Name what may be imported, for messages."""
        libraries = sorted(self.open | ({path.partition(".")[0] for path in self.surface} & self.image))
        standard = (
            "math, statistics, random, datetime, collections, itertools, functools, typing, dataclasses, json, re"
        )
        return f"{standard}, {', '.join(libraries)}"

    def is_missing(self, root: str) -> bool:
        """Say whether the sandbox holds no module of this name, so that importing it fails there."""
        return root not in STANDARD_MODULES and root not in self.image and root not in self.open

    def judge_name(self, name: str) -> str:
        """Give the rule that an attribute's name breaks on any receiver; '' for none."""
        known = self.plain.get(name)
        if known is None:
            known = self._judge(name)
            if len(self.plain) < 20_000:
                self.plain[name] = known
        return known

    def _judge(self, name: str) -> str:
        if name.startswith("__") and name.endswith("__") and len(name) > 4:
            if name in self.interpreter:
                return "attributes.interpreter"
            return "" if name in self.dunders else "attributes.dunder"
        if name in self.frames:
            return "attributes.frame"
        if name in self.modules:
            return "attributes.module"
        rule = self.methods.get(name)
        if rule:
            return rule
        if name in self.path_argument or name in self.expressions:
            return "judged"
        if name.startswith("_") and name != "_":
            return "" if name in self.private else "attributes.private"
        if name not in self.pure:
            if name.startswith(_WRITES):
                return "structural.write"
            if name.startswith(_READS):
                return "structural.read"
        return ""

    def is_critical(self, text: str) -> bool:
        """Say whether a string names, alone or in a path with dots, the inside of the interpreter."""
        if "_" not in text or len(text) > 200:
            return False
        return any(
            part in self.interpreter - self.soft_dunders or (part in self.frames and "_" in part.strip("_"))
            for part in text.split(".")
        )

    def harmless_prefix(self, prefix: str) -> bool:
        """Say whether no name that is judged begins like this, whatever follows."""
        if len(prefix) < 3 or prefix.startswith("_"):
            return False
        if prefix.startswith(_STRUCTURAL) or any(one.startswith(prefix) for one in _STRUCTURAL):
            return False
        judged = (self.methods, self.path_argument, self.frames, self.modules, self.expressions, self.own)
        return not any(name.startswith(prefix) for names in judged for name in names)

    def is_io(self, name: str) -> bool:
        """Say whether the words of a library's name say input, output or execution."""
        if name in self.pure:
            return False
        parts = {part.lower() for piece in name.split("_") for part in _HUMP.findall(piece)} | {name.lower()}
        return not parts.isdisjoint(self.io)


_BY_HAND = frozenset({"numpy", "pandas", "scipy", "matplotlib", "mpl_toolkits"})


def _surface(data: Any) -> dict[str, frozenset[str]]:
    surface = {path: words(names) for path, names in data["modules"].items()}
    for path, names in data["imports"]["extra"].items():
        surface[path] = surface.get(path, frozenset()) | words(names)
    for path, groups in data["imports"]["reported"].items():
        surface[path] = surface.get(path, frozenset()).union(*map(words, groups.values()))
    return surface


def _reported(modules: dict[str, dict[str, str]]) -> dict[str, str]:
    return {
        f"{path}.{name}": fix
        for path, groups in modules.items() for fix, names in groups.items() for name in names.split()
    }  # fmt: skip


def _renamed(modules: dict[str, str]) -> dict[str, str]:
    return {f"{path}.{name}": path for path, names in modules.items() for name in names.split()}


def _places(table: dict[str, list[Any]]) -> dict[str, tuple[str, int]]:
    return {name: (key, at) for name, (key, at) in table.items()}


def _by_name(groups: dict[str, str]) -> dict[str, str]:
    return {name: key for key, names in groups.items() for name in names.split()}


@functools.lru_cache(maxsize=16)
def tables_for(policy: Policy) -> Tables:
    """Build the tables of a policy; kept as long as the policy is."""
    data = policy.data
    imports, attributes, library = data["imports"], data["attributes"], data["library"]
    surface = _surface(data)
    packages = {path.rsplit(".", up)[0] for path in surface for up in range(1, path.count(".") + 1)}
    critical = _by_name(imports["critical"])
    image = frozenset(one for entry in data["distributions"].values() for one in entry["modules"].split())
    return Tables(
        surface=surface,
        lent={path: words(names) for path, names in imports["lent"].items()},
        packages=frozenset(packages),
        critical=critical,
        reasons=_by_name(imports["reasons"]),
        reported=_reported(imports["reported"]),
        open=words(imports["open"]["names"]),
        closed=_by_name(imports["closed"]),
        instead=_by_name(imports["instead"]),
        image=image,
        others=(image | words(imports["open"]["names"])) - _BY_HAND,
        builtins=_by_name(data["builtins"]["rules"]),
        followed=words(data["builtins"]["followed"]["names"]),
        dunders=words(attributes["dunders"]),
        interpreter=words(attributes["critical"]),
        soft_dunders=words(attributes["hints"]),
        defined=words(attributes["defined"]),
        streams=words(attributes["streams"]),
        abbreviations=dict(imports["abbreviations"]),
        frames=words(attributes["frames"]),
        modules=words(attributes["modules"]),
        private=words(attributes["private"]),
        globals=words(attributes["globals"]),
        methods=_by_name(library["methods"]),
        path_argument=_places(library["path_argument"]),
        decorators=words(library["pure"]["decorators"]),
        pure=words(library["pure"]["names"]),
        reading=words(library["reading"]["functions"]),
        roots=tuple(library["reading"]["roots"]),
        memory=words(library["reading"]["memory"]),
        expressions=words(library["expressions"]["methods"]),
        by_name=_places(library["by_name"]["methods"]),
        by_name_functions=_places(library["by_name"]["functions"]),
        by_name_keywords=words(library["by_name"]["keywords"]),
        chosen_keywords=words(library["by_name"]["chosen"]),
        option_words=words(library["options"]["words"]),
        option_values=words(library["options"]["values"]),
        path_keywords=words(library["options"]["keywords"]),
        io=words(data["words"]["io"]),
        judged=words(library["judged"]["functions"]),
        aliases={**data["aliases"], **imports["aliases"], **_renamed(imports.get("renamed", {}))},
        own=frozenset(STANDARD_MODULES) | frozenset(critical),
        writable=tuple(library["reading"]["scratch"]),
        artifacts=str(library["reading"]["artifacts"]),
        artifact_endings=tuple("." + one for one in library["reading"]["artifact_endings"].split()),
        dataset_endings=tuple("." + one for one in library["reading"]["dataset_endings"].split()),
        answered=tuple(f"{one}." for one in library["reading"]["answered"].split()),
        scratch=words(library["reading"]["scratch_functions"]),
    )
