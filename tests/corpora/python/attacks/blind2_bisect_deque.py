from collections import deque, ChainMap, UserString
def helper(): pass
t = UserString("{0.__gl") + "obals__}"
print(t.format(helper))
