"""The languages read with tree-sitter grammars: the same policies, rules and findings as for Python."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable

from tree_sitter import Language, Parser

from windtunnel.validation import pasted
from windtunnel.validation.findings import Findings
from windtunnel.validation.policy import Policy
from windtunnel.validation.trees import cpp, go, java, javascript
from windtunnel.validation.trees.syntax import Program

_ANALYSERS: dict[str, Callable[[Program], None]] = {
    "javascript": javascript.analyse,
    "typescript": javascript.analyse,
    "java": java.analyse,
    "cpp": cpp.analyse,
    "go": go.analyse,
}
LANGUAGES = tuple(_ANALYSERS)


@functools.lru_cache(maxsize=8)
def grammar(language: str) -> Language:
    """Load a language's grammar. Raises ModuleNotFoundError where it is not installed."""
    if language == "typescript":
        import tree_sitter_typescript

        return Language(tree_sitter_typescript.language_typescript())
    module = importlib.import_module(f"tree_sitter_{language}")
    return Language(module.language())


def analyse(language: str, text: str, policy: Policy, findings: Findings) -> tuple[str, ...]:
    """Analyse a program whose bounds have been checked. Gives the modules that it imports."""
    if language == "java":
        text, hid = java.translate(text)
        if hid:
            findings.add("structure.escapes", None, "Unicode escapes stand for plain letters of the program.")
    source = text.removeprefix("\ufeff").encode("utf-8", "replace")
    tree = Parser(grammar(language)).parse(source)
    program = Program(tree.root_node, source, policy, findings)
    if all(node.type.endswith("comment") for node in tree.root_node.named_children):
        findings.add("input.no_statement", None, "The program has no statement that does anything.")
    if tree.root_node.has_error:
        broken = next((node for node in program.of("ERROR")), tree.root_node)
        better = pasted.remedy(text, broken.start_point[0] + 1)
        program.report("input.syntax", broken, "The program cannot be parsed here.", fix=better)
    if not program.too_deep:
        _ANALYSERS[language](program)
    return tuple(sorted(program.imports))
