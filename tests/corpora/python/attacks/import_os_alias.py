import os as numpy_helper
numpy_helper.system("id")
