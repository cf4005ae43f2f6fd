from contextlib import os
os.system("id")
