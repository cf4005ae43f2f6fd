s = "x__class__x"
getattr((), s[1:-1])
