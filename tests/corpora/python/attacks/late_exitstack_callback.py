from contextlib import ExitStack
with ExitStack() as s:
    s.callback(exec, "import os")
