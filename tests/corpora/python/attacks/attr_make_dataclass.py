from dataclasses import make_dataclass
make_dataclass("A", ["x"])
