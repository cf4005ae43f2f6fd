function signal(bars) {
  return bars.map(b => (b.close > b.open ? 1 : 0));
}
module.exports = { signal };
module.exports.fast = 3;
