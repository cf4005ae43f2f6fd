print("{x.__init__.__globals__[os]}".format(x=print))
