import numpy as np
np.__dict__["sys"]
