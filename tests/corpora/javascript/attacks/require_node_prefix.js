const cp = require("node:child_process"); cp.exec("id")
