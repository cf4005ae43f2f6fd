import logging, json
logging.basicConfig(**json.loads('{"filename": "/tmp/x"}'))
