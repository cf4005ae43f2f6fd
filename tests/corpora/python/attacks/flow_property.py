import random
class A:
    @property
    def m(self):
        return random
A().m._os.system("id")
