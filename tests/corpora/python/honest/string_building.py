parts = []
for k, v in {"fast": 3, "slow": 9}.items():
    parts.append(f"{k}={v}")
label = ", ".join(parts)
name = "strategy_" + str(3) + "_" + "x".upper()
print(label, name, name[::-1], name.replace("_", "-"))
