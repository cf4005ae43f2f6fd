class Base:
    def fee(self): return 1.0
class Slip(Base):
    def fee(self): return super().fee() + 0.5
class Tax(Base):
    def fee(self): return super().fee() * 2
class Broker(Slip, Tax): pass
print(Broker().fee(), [c.__name__ for c in Broker.__mro__])
