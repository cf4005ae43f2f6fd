import logging
cfg = {'level': 10}
cfg['file' + 'name'] = '/tmp/x/log.txt'
logging.basicConfig(**cfg)
