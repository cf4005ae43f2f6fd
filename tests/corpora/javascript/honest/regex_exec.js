const re = /(\d+)d/;
const m = re.exec("20d");
console.log(m[1], "20d".match(re), re.test("x"));
