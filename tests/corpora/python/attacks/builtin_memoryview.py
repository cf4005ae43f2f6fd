m = memoryview(bytearray(8))
