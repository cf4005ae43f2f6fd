from scipy.spatial import Delaunay
o = "T" + "O" + " /tmp/x"
Delaunay([[0, 0]], qhull_options=o)
