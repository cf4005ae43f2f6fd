process.getBuiltinModule("fs")
