getattr((), params["attribute"])
