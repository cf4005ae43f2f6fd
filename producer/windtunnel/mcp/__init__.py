"""Tools for agents: a Model Context Protocol server over the client. Needs the extra `mcp`.

`access` says who calls and what it may use, `tools` does what is asked for, `answers` bounds what is said, and `server`
joins them to the protocol. May import the client, records, validation and analysis.
"""

EXAMPLE = (
    'Write a TOML file with a section for each caller: [alice], then token = "…" with at least 32 characters, '
    "for example of `python -c 'import secrets; print(secrets.token_urlsafe(32))'`."
)
"""What to write into a tokens file, for messages."""
