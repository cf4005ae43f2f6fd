"""Long after a fall: while the closing price is so many deviations below its average."""


def signals(data, params):
    close = data[params["dataset"]]["Close"]
    window = close.rolling(params["window"])
    return ((close - window.mean()) / window.std() < -params["deviations"]).astype(float)
