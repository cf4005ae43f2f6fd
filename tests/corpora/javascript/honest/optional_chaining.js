const p = { a: { b: 1 } };
console.log(p?.a?.b ?? 0, p.c?.d);
