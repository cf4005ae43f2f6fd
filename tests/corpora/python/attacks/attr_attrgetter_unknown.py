from operator import attrgetter
attrgetter(params["x"])(1)
