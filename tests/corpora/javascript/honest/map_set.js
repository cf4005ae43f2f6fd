const m = new Map([["a", 1]]); const s = new Set([1, 2]); for (const [k, v] of m) console.log(k, v, s.has(1)); console.log([...m.entries()]);
