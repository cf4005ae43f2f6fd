function f() { return Array.prototype.slice.call(arguments);
} console.log(f(1, 2));
