getattr((), "__{}__".format("class"))
