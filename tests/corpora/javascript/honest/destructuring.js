const { open, high = 3, ...rest } = { open: 1, low: 2 };
const [x, , y] = [1, 2, 3];
console.log(open, high, rest, x, y);
