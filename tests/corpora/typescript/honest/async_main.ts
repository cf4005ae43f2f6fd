interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
async function main() { const r = await Promise.all([1, 2].map(async v => v * 2)); console.log(r); } main();
