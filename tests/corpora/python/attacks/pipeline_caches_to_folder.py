from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.decomposition import PCA
import numpy as np
p = Pipeline([('s', StandardScaler()), ('p', PCA(1))], memory='/tmp/x/cache')
p.fit(np.random.rand(5, 2))
