from operator import attrgetter
list(map(attrgetter, ["__class__"]))
