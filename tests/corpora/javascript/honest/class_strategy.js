class Strategy { constructor(fast, slow) { this.fast = fast;
this.slow = slow;
} signal(a, b) { return a > b ? "BUY" : "SELL";
} toString() { return `${this.constructor.name}(${this.fast})`;
} } console.log(new Strategy(1, 2).signal(3, 1));
