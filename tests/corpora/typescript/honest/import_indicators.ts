interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
import { SMA, RSI } from "technicalindicators"; console.log(SMA.calculate({ period: 2, values: [1, 2, 3] }), RSI);
