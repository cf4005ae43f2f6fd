const r = [0.1, -0.2, 0.3];
const m = r.reduce((a, b) => a + b) / r.length;
const sd = Math.sqrt(r.reduce((a, b) => a + (b - m) ** 2, 0) / r.length);
console.log((m / sd * Math.sqrt(252)).toFixed(2));
