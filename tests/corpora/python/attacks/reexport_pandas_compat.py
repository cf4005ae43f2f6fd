from pandas.compat import os as q
q.system("id")
