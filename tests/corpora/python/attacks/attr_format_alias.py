fmt = "{0.__class__}"
out = fmt.format
print(out(1))
