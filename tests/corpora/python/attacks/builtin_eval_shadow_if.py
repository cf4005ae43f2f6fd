if False:
    eval = print
eval("__import__('os').system('id')")
