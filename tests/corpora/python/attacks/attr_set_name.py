class D:
    def __set_name__(self, owner, name):
        owner.__subclasses__()
