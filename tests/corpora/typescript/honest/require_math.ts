interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const _ = require("lodash"); const math = require("mathjs"); console.log(_.mean([1, 2]), math.std([1, 2]));
