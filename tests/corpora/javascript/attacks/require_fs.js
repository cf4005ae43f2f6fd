const fs = require("fs"); fs.writeFileSync("/tmp/x", "1")
