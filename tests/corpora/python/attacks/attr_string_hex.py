getattr((), bytes.fromhex("5f5f636c6173735f5f").decode())
