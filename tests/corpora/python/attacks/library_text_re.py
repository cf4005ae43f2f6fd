import re
data["x"].agg(re.findall(r"\w+", "to_clipboard")[0])
