const key = params.a;
const f = [].at;
const C = f[key];
console.log(C("return process")());
