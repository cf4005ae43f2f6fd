try:
    import numpy as np
    import os
except ImportError:
    pass
