data["x"].__setattr__("__class__", int)
