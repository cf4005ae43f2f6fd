new (require("worker_threads").Worker)("x.js")
