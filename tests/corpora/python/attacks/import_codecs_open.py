import codecs
print(codecs.open("/etc/passwd").read())
