"""The languages of programs. Imports nothing, as validation needs no other part of a job."""

from __future__ import annotations

SUFFIXES = {
    ".py": "python",
    ".js": "javascript",
    ".ts": "typescript",
    ".java": "java",
    ".cpp": "cpp",
    ".go": "go",
}
"""The suffix of a program's file, and its language."""
LANGUAGES = tuple(SUFFIXES.values())
