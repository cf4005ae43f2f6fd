const n = 1_000_000;
console.log(n.toLocaleString("en"), Number.isFinite(n), parseFloat("1.5"), (0.1 + 0.2).toPrecision(3), 10n ** 3n);
