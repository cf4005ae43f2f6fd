const api = { run(x) { return x * 2;
} };
console.log(api.run(2));
