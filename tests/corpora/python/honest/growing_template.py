text = "order {}"
text += " at {:.2f}"
text += " size {}"
print(text.format(1, 2.5, 3))
report = ""
for name in ("a", "b"):
    report += f"{name}: {len(name)}\n"
report += "-" * 20
print(report)
