require("vm").runInNewContext("1")
