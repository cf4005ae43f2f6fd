header = "{:<12}|{:>10}".format("name", "sharpe")
row = "{name:<12}|{sharpe:>10.2f}"
print(header)
print(row.format(name="sp500", sharpe=1.234))
print("%-12s|%10.2f" % ("nasdaq", 0.9), "-" * 30, "{0}{1}".format("a", 1))
template = "Trade {0} at {1:.2f}"
for i in range(2):
    print(template.format(i, i * 1.5))
