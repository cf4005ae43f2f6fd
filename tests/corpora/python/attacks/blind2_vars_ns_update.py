import argparse, json
import numpy as np
p = argparse.ArgumentParser()
a = p.parse_args([])
vars(a).update(json.loads('{"__array_\\u0069nterface__": 1}'))
np.asarray(a)
