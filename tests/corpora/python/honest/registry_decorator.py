REGISTRY = {}
def register(name):
    def deco(func):
        REGISTRY[name] = func
        return func
    return deco
@register("buy_hold")
def buy_hold(close):
    return close * 0 + 1
print({k: f(data["sp500"]["Close"]).sum() for k, f in REGISTRY.items()})
