import pandas as pd
df = data['x']
df.eval(params.get('expr', "@pd.io.common.os.system('id')"))
