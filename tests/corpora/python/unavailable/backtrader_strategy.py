import backtrader as bt
class Cross(bt.Strategy):
    params = (("fast", 10), ("slow", 30))
    def __init__(self):
        self.fast = bt.indicators.SMA(self.data.close, period=self.params.fast)
        self.slow = bt.ind.SMA(self.data.close, period=self.p.slow)
        self.cross = bt.indicators.CrossOver(self.fast, self.slow)
        self.order = None
    def log(self, txt, dt=None):
        dt = dt or self.datas[0].datetime.date(0)
        print(f"{dt.isoformat()} {txt}")
    def notify_order(self, order):
        if order.status in [order.Completed]:
            self.log("filled %.2f" % order.executed.price)
        self.order = None
    def next(self):
        if not self.position and self.cross > 0:
            self.order = self.buy()
        elif self.position and self.cross < 0:
            self.order = self.close()
cerebro = bt.Cerebro()
cerebro.addstrategy(Cross)
cerebro.adddata(bt.feeds.PandasData(dataname=data["sp500"]))
cerebro.addanalyzer(bt.analyzers.SharpeRatio, _name="sharpe")
results = cerebro.run()
print(results[0].analyzers.sharpe.get_analysis(), cerebro.broker.getvalue())
