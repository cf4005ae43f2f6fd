class Any:
    __match_args__ = ("__globals__",)
match print:
    case Any(x): ...
