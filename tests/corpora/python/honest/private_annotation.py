from __future__ import annotations


class _Broker:
    def __init__(self, cash: float):
        self.cash = cash


class Strategy:
    def __init__(self, broker: "_Broker", history: "list[_Broker] | None" = None):
        self._broker = broker
        self.history = history

    def run(self) -> "float":
        return self._broker.cash


print(Strategy(_Broker(3.0)).run())
