const f = new Float64Array(10).fill(1);
console.log(f.reduce((a, b) => a + b), new Uint8Array(2).length);
