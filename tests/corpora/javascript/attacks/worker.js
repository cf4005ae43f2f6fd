new Worker("x.js")
