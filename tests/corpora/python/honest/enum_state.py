from enum import Enum, auto
class State(Enum):
    FLAT = auto()
    LONG = auto()
state = State.FLAT
for c in data["sp500"]["Close"]:
    if state is State.FLAT and c > 1000:
        state = State.LONG
print(state.name, State.LONG.value, [s.name for s in State])
