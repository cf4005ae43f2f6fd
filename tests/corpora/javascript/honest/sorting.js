const t = [{ pnl: 2 }, { pnl: 1 }].sort((a, b) => a.pnl - b.pnl);
console.log(t.map(x => x.pnl).join(","));
