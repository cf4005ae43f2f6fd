from operator import attrgetter as a
a("__cla" + "ss__")(1)
