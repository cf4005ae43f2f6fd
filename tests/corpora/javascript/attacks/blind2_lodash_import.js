import template from "lodash/template";
console.log(template("<%= process.pid %>")());
