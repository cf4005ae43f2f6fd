from abc import ABC, abstractmethod
class Sizer(ABC):
    @abstractmethod
    def size(self, vol): ...
class Inverse(Sizer):
    def size(self, vol): return min(1.0, 0.1 / vol)
print(Inverse().size(0.2), Sizer.__abstractmethods__)
