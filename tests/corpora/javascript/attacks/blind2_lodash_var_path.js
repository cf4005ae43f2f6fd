const _ = require("lodash");
const p = ["con", "structor"].join("");
console.log(_.get(() => 1, p)("return process")());
