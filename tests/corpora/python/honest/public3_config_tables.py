# After configurations of public repositories: dataclasses that are shown or saved as tables.
import json
from dataclasses import dataclass, field


@dataclass
class Costs:
    fee: float = 0.001
    slip: float = 0.0005


@dataclass
class Config:
    window: int = 20
    costs: Costs = field(default_factory=Costs)

    def to_table(self):
        return {"window": self.window, "costs": self.costs.__dict__}


PROFILES = {"calm": Config(), "fast": Config(window=5)}
print(json.dumps({name: profile.to_table() for name, profile in PROFILES.items()}, indent=2))
print([vars(profile.costs) for profile in PROFILES.values()])
