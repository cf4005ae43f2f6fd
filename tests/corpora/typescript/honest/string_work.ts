interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const s = "Close price"; console.log(s.toUpperCase().split(" ").reverse().join("-"), s.includes("Close"), s.padStart(20), s.replace("p", "P"));
