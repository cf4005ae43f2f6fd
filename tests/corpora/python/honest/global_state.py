POSITION = 0
def update(s):
    global POSITION
    POSITION = s
    return POSITION
print(update(1), POSITION)
