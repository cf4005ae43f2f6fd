import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    spread = np.log(frame["High"] / frame["Low"])
    return ((spread < spread.rolling(20).median()) * 1.0).fillna(0.0)
