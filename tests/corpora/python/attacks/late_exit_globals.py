exit.__init__.__globals__
