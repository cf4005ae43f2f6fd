import logging
logging.basicConfig(filename="/tmp/x")
