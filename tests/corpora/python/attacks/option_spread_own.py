opts = {}
for k, v in zip(["file" + "name"], ["/tmp/x"]): opts[k] = v
import logging
logging.basicConfig(**opts)
