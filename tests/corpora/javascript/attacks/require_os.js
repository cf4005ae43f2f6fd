require("os").userInfo()
