import tempfile
tempfile.NamedTemporaryFile(delete=False).write(b"x")
