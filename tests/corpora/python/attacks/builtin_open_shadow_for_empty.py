for open in []:
    pass
print(open("/etc/passwd").read())
