interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
try { throw new Error("bad"); } catch (e) { console.error(e.message, e.name); } finally { console.log("done"); }
