function Ema(span) { this.alpha = 2 / (span + 1); this.level = null; }
Ema.prototype.next = function (x) { this.level = this.level === null ? x : this.level + this.alpha * (x - this.level); return this.level; };
Ema.prototype.reset = function () { this.level = null; };
const e = new Ema(20);
console.log(data.sp500.column("Close").map((c) => e.next(c)).at(-1), Object.getPrototypeOf(e) === Ema.prototype);
