interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
let seed = 1; const rnd = () => (seed = (seed * 16807) % 2147483647) / 2147483647; console.log(Array.from({ length: 5 }, rnd), Math.random() < 1);
