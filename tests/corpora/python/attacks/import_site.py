import site
print(site.getusersitepackages())
