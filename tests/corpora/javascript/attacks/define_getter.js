({}).__defineGetter__("x", () => 1)
