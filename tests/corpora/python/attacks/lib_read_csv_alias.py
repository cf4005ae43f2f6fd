from pandas import read_csv as r
r("/etc/passwd")
