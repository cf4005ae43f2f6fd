import copy
state = {"cash": 1.0, "pos": [1, 2]}
other = copy.deepcopy(state)
other["pos"].append(3)
print(state, other)
