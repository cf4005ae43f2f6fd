from sys import exit, maxsize, float_info, argv
print(maxsize, float_info.max, argv)
exit(1)
