import re
pattern = re.compile(r"^(\d+)([dwm])$")
m = pattern.match(params.get("window", "20d"))
print(int(m.group(1)) if m else 20)
