"""Long while the fast average of the closing price is above the slow one, else flat."""

if params["fast"] >= params["slow"]:
    raise ValueError("fast must be below slow")


def signals(data, params):
    close = data[params["dataset"]]["Close"]
    return (close.rolling(params["fast"]).mean() > close.rolling(params["slow"]).mean()).astype(float)
