def safe(a, b):
    try:
        return a / b
    except ZeroDivisionError as exc:
        print(f"skip: {exc} {type(exc).__name__} {exc.args}")
        return float("nan")
    finally:
        pass
print(safe(1, 0))
try:
    raise ValueError("bad window") from None
except (ValueError, KeyError) as e:
    print(str(e), repr(e))
