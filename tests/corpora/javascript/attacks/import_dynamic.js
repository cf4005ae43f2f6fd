import("fs").then(f => f.readFileSync("/etc/passwd"))
