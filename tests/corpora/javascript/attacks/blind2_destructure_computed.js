const key = Object.keys({ constructor: 1 })[0];
const { [key]: C } = function () {};
console.log(C("return process")());
