from scipy.datasets import face
