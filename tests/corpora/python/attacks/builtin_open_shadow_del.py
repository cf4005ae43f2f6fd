open = 1
del open
print(open("/etc/passwd").read())
