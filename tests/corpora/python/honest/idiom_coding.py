#!/usr/bin/env python
# vim: set fileencoding=UTF8 :
print(1)
