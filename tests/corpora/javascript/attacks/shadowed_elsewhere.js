function f(require) { return 1 } require("fs")
