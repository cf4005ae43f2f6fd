class E:
    def __reduce__(self):
        return (print, ("x",))
