text = "{0"
text += "."
text += "__cla"
text += "ss__}"
print(text.format(1))
