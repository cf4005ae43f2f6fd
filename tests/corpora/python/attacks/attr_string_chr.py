getattr((), chr(95) * 2 + "class" + chr(95) * 2)
