c = "class"
getattr((), f"__{c}__")
