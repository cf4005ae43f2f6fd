data._loader("/etc/passwd")
