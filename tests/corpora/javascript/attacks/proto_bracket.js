const o = {}; o["__proto__"]["x"] = 1
