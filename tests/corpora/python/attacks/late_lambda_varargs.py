import random
(lambda *a: a[0]._os)(random)
