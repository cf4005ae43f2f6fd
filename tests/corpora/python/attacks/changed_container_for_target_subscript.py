names = ['mean']
for names[0] in ['__globals__']: pass
def f(): pass
print(getattr(f, names[0]))
