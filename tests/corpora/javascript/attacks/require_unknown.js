require("left-pad-evil")
