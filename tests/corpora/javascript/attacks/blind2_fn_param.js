function take(f, k) { return f[k]; }
const C = take(() => 1, params.k);
C("return process")();
