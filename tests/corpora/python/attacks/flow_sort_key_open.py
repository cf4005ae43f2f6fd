sorted(["/etc/passwd"], key=open)
