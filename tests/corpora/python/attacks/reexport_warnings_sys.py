import warnings
warnings.sys.modules["os"].popen("id")
