names = ['mean']
alias = names
alias[0] = '__globals__'
def f(): pass
print(getattr(f, names[0]))
