import codeop
codeop.compile_command("import os")
