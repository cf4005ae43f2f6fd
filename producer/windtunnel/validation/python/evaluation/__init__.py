"""What names, attributes, parameters and containers of a program stand for, found on demand.

`analysis.Analysis` is the state of one analysis; rules and walk take it as their first argument. May import
`catalogue` and what is below it.
"""
