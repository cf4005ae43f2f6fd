getattr((), "__%s__" % "class")
