fs = [eval]
fs[0]("1")
