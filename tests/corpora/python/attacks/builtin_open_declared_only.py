open: float
print(open("/etc/passwd").read())
