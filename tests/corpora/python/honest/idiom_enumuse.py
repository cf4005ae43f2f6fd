from enum import Enum, auto
class Side(Enum):
    BUY = auto(); SELL = auto()
    @property
    def sign(self): return 1 if self is Side.BUY else -1
class State(str, Enum):
    OPEN = "open"; KILL = "kill"
print(Side["BUY"].sign, State("open").value, State.OPEN.name, [s.value for s in Side])
