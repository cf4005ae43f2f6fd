import zipimport
zipimport.zipimporter("/tmp/x.zip").load_module("x")
