from pandas import *
io.common.os.system("id")
