from sklearn.tree import export_graphviz
export_graphviz(None, "/tmp/x.dot")
