import logging.config
logging.config.dictConfig({})
