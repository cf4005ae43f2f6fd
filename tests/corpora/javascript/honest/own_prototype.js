function Strategy(n) { this.n = n;
} Strategy.prototype.run = function () { return this.n;
};
console.log(new Strategy(3).run());
