class A:
    __class_getitem__ = exec
A["import os"]
