getattr((), b"__class__".decode())
