import string
t = string.Template("to_$x").substitute(x="clipboard")
data["x"].agg(t)
