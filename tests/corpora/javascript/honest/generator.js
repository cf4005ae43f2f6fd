function* bars(n) { for (let i = 0; i < n; i++) yield { close: i, open: i - 1 }; } for (const b of bars(3)) console.log(b.close - b.open);
