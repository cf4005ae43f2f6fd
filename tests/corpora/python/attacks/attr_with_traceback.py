try:
    1 / 0
except Exception as e:
    tb = e.__context__
