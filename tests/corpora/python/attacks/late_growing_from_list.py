text = ""
for piece in ["{0.", "__cla", "ss__", "}"]:
    text += piece
print(text.format(1))
