import code
code.InteractiveInterpreter().runsource("import os")
