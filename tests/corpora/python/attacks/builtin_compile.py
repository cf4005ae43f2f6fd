code = compile("import os", "x", "exec")
