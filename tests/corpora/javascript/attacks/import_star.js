import * as n from "node:net"; n.connect(1)
