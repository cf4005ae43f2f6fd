"""Which programs are the same one, written in another way. Standard library only."""

from __future__ import annotations

import ast
import contextlib
import hashlib


def essence(code: str, language: str) -> str:
    """SHA-256 of a program without what does nothing: of a Python program layout, comments, docstrings, `pass`.

    Two programs that differ in names are different ones. Of other languages it is the text's.
    """
    text = code
    if language == "python":
        # A program that cannot be parsed is the same as itself only.
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            text = ast.dump(_Bare().visit(ast.parse(code)))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class _Bare(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_Pass(self, _: ast.Pass) -> None:
        return None

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant(node.value)  # u"…" is "…"
