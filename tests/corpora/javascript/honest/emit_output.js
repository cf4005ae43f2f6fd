const result = { sharpe: 1.2, trades: [1, 2] };
console.table([result]);
console.log(JSON.stringify(result));
