const o = Object.freeze({ a: 1 });
console.log(Object.keys(o), Object.entries(o), Object.assign({}, o), Object.fromEntries([["x", 1]]));
