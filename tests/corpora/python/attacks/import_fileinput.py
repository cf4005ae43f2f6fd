import fileinput
for line in fileinput.input("/etc/passwd"): print(line)
