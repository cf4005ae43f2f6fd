import pandas as pd
class A:
    def __arrow_c_stream__(self, s=None): return 1
pd.DataFrame(A())
