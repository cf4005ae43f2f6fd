class Cfg: name = 'mean'
setattr(Cfg, 'name', '__globals__')
def f(): pass
print(getattr(f, Cfg.name))
