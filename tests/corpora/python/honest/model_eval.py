class Model:
    def eval(self):
        return self
    def predict(self, x):
        return x
m = Model()
m.eval()
print(m.eval().predict(3))
