class R { *[Symbol.iterator]() { yield 1;
} } console.log([...new R()]);
