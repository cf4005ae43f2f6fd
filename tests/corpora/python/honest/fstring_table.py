import textwrap
rows = [("sma", 1.2), ("ema", 0.8)]
width = 12
for n, s in rows:
    print(f"{n:<{width}}{s:>{width}.2f}")
print(textwrap.dedent("""
    done
"""), "=" * 40)
