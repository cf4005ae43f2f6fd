import numpy.distutils.exec_command
