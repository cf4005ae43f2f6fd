import sklearn.utils as u
u.os.system("id")
