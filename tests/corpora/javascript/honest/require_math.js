const _ = require("lodash");
const math = require("mathjs");
console.log(_.mean([1, 2]), math.std([1, 2]));
