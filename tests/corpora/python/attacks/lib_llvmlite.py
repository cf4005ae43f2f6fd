import llvmlite.binding as llvm
llvm.load_library_permanently("libc.so.6")
