import { template as t } from "lodash";
console.log(t("<%= process.pid %>")());
