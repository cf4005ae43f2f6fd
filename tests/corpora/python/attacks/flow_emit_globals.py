emit.__globals__["os"]
