import numpy as np
from scipy import signal as sig
from scipy.signal import butter, filtfilt
x = np.log(data["sp500"]["Close"].to_numpy())
b, a = butter(3, 0.05)
print(np.abs(np.fft.rfft(x - x.mean()))[:5], filtfilt(b, a, x)[-1], sig.detrend(x)[-1])
