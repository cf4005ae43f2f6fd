"""The rules: a module judges one kind of thing, and reports its findings.

Where a value is judged as it is made, as of an attribute that is read, its rule gives the value too. May import
`evaluation` and what is below it.
"""
