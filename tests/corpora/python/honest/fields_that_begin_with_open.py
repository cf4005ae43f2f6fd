from dataclasses import dataclass
@dataclass
class Trade:
    open_rate: float; close_rate: float; open_interest: int = 0
    def profit(self): return self.close_rate / self.open_rate - 1
def best(trades): return max(trades, key=lambda t: t.close_rate - t.open_rate)
def avg_oi(contracts): return sum(c.open_interest for c in contracts) / len(contracts)
ts = [Trade(1.0, 1.1, 5), Trade(2.0, 1.9, 7)]
print(best(ts).open_rate, avg_oi(ts), [t.profit() for t in ts])
def held(trade, now): return now - trade.open_date_utc
