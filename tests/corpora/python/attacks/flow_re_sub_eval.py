import re
re.sub("x", eval, "x")
