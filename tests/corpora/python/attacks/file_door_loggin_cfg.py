import logging
logging.basicConfig(handlers=[logging.FileHandler("/tmp/x")])
