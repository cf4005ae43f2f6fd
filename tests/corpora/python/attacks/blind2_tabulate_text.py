from tabulate import tabulate
def helper(): pass
t = tabulate([["{0.__gl", "obals__}"]], tablefmt="plain").replace("  ", "")
print(t.format(helper))
