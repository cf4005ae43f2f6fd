from scipy.sparse import save_npz
