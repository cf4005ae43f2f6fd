import mmap
mmap.mmap(-1, 10)
