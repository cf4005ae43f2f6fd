const _ = require("lodash");
const f = _.chain(() => 1).get(params.k).value();
f("return process")();
