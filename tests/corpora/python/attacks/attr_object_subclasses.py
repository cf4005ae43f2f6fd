object.__subclasses__()
