from sklearn.datasets import clear_data_home
clear_data_home("/tmp")
