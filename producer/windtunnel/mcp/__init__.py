"""Tools for AI agents: a Model Context Protocol server on top of the client. Needs the extra `mcp`.

`access` identifies callers and their allowances, `tools` does the work, `answers` keeps results small, and `server`
offers the tools over the protocol. May import the client, records, validation and analysis.
"""

EXAMPLE = (
    'Write a TOML file with a section for each caller: [alice], then token = "…" with at least 32 characters, '
    "for example of `python -c 'import secrets; print(secrets.token_urlsafe(32))'`."
)
"""How to write a tokens file, for error messages."""
