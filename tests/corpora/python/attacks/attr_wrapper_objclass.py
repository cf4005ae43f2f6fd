str.join.__objclass__.__subclasses__
