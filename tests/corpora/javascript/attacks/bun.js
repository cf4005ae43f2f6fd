Bun.spawn(["id"])
