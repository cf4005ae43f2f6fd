function ema(x, n) { const k = 2 / (n + 1);
let e = x[0];
return x.map(v => (e = v * k + e * (1 - k)));
} console.log(ema([1, 2, 3], 2));
