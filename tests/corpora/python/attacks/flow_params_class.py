params.__class__.__init__.__globals__
