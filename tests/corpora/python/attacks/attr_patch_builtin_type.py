int.real = 3
