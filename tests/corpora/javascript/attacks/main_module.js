process.mainModule.require("fs")
