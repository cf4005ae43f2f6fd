"""Tools for agents: a Model Context Protocol server over the client. Needs the extra `mcp`.

`access` says who calls and what it may use, `tools` does what is asked for, `answers` bounds what is said, and `server`
joins them to the protocol. May import the client, records, validation and analysis.
"""
