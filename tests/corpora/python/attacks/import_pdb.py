import pdb
pdb.run("import os")
