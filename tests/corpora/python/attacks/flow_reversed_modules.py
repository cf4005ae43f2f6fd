import random
list(reversed([random]))[0]._os
