import re
re.copyreg.pickle
