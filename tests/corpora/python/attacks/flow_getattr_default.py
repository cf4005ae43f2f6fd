getattr(data, "x", getattr)(print, "__self__")
