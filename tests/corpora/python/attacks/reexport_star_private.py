from logging import *
os.system("id")
