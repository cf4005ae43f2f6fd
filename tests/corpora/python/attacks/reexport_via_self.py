import random
class S:
    def __init__(self):
        self.r = random
    def go(self):
        return self.r._os.system("id")
S().go()
