print(str.mro()[1])
