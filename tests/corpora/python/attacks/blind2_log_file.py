import logging


class Handler(logging.FileHandler):
    def __init__(self):
        logging.FileHandler.__init__(self, "/etc/x.log")


logging.getLogger().addHandler(Handler())
