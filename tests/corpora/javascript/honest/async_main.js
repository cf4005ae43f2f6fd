async function main() { const r = await Promise.all([1, 2].map(async v => v * 2));
console.log(r);
} main();
