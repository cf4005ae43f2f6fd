e = eval
e("__import__('os')")
