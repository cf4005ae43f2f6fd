import operator, random
operator.attrgetter("_os.system")(random)("id")
