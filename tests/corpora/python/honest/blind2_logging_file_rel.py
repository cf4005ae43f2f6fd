import logging
logging.basicConfig(filename="run.log", level=logging.INFO, filemode="w")
logging.info("start")
