import gc
print(gc.get_objects())
