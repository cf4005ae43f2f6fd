const _ = require("lodash");
_.set({}, ["__pro" + "to__", "x"], 1);
