from scipy.spatial import Delaunay, Voronoi
Delaunay([[0, 0], [1, 0], [0, 1]], False, False, "Qbb TO '/tmp/y'")
