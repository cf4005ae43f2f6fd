import shelve
shelve.open("/tmp/x")
