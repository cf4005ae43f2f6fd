class A:
    if 0:
        open = None
    text = open("/etc/passwd").read()
