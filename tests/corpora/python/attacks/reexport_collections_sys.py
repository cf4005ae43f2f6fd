import collections
collections._sys.modules["os"]
