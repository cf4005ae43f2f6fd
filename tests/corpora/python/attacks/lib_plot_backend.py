data["a"].plot(backend="evil_module")
