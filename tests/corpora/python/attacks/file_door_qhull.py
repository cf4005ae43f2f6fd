from scipy.spatial import ConvexHull, Delaunay
import numpy as np
ConvexHull(np.random.rand(10, 2), qhull_options="TO /tmp/x")
