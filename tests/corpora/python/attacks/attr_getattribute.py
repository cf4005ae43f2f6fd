object.__getattribute__(print, "__self__")
