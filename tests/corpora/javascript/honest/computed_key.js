const n = 20;
const row = { ["sma_" + n]: 1 };
console.log(row["sma_" + n], row[`sma_${n}`]);
