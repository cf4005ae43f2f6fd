const p = process; p.exit(1)
