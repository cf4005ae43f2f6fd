def a():
    def b():
        def c():
            from socket import socket as s
            return s
        return c
    return b
