require("net").connect(80, "evil.test")
