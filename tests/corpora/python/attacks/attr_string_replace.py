getattr((), "XXclassXX".replace("X", "_"))
