cfg = {'attr': 'mean'}
def tweak(d): d.update(attr='__globals__')
tweak(cfg)
def f(): pass
print(getattr(f, cfg['attr']))
