let seed = 1;
const rnd = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
console.log(Array.from({ length: 5 }, rnd), Math.random() < 1);
