const _ = require("lodash");
console.log(_.template("<%= process.env.PATH %>")());
