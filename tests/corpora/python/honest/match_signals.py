def act(signal):
    match signal:
        case ("buy", size) if size > 0:
            return size
        case {"side": "sell", "size": s}:
            return -s
        case _:
            return 0
print(act(("buy", 3)), act({"side": "sell", "size": 2}), act(None))
