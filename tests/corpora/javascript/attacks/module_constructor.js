module.constructor._load("fs")
