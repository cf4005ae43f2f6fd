rows = [("AAA", 0.12, 1.4), ("BBB", -0.03, 0.2)]
hdr = ("sym", "ret", "sharpe")
widths = [max(len(str(r[i])) for r in [hdr, *rows]) for i in range(3)]
fmt = "  ".join("{:<%d}" % w for w in widths)
print(fmt.format(*hdr)); print("=" * sum(widths))
for r in rows: print(fmt.format(*r))
line = "{sym:<6}{ret:>8.2%}"
print(line.format(sym="AAA", ret=.1))
