import re
if (m := re.search(r"\d+", "win20")) is not None:
    print(int(m[0]))
while (n := params.get("n", 0)) > 10:
    break
print([y for x in range(5) if (y := x * x) > 3], n)
