const r = require; r("fs").readFileSync("/etc/passwd")
