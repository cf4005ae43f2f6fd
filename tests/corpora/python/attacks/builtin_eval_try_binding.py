try:
    raise ValueError(exec)
except ValueError as e:
    e.args[0]("import os")
