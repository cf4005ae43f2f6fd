const sma = (x, n) => x.slice(n - 1).map((_, i) => x.slice(i, i + n).reduce((a, b) => a + b, 0) / n);
console.log(sma([1, 2, 3, 4], 2));
