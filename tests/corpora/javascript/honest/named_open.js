function candle({ open, close, process: p = 1 }) { const self = { open, close };
return self.close - self.open + p;
} console.log(candle({ open: 1, close: 2 }));
