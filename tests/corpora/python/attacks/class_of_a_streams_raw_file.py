import logging
h = logging.StreamHandler()
F = type(h.stream.buffer.raw)
with F('/tmp/x/w.txt', 'w') as fh:
    fh.write(b'x')
