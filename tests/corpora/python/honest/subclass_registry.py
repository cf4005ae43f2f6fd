class Base:
    registry = []
    def __init_subclass__(cls, **kw):
        super().__init_subclass__(**kw)
        Base.registry.append(cls)
class A(Base):
    def f(self): return 1
print([c.__name__ for c in Base.registry], [c().f() for c in Base.registry])
