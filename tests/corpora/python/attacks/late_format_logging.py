import logging
logging.basicConfig(style="{", format="{args.__class__.__init__.__globals__}")
