import urllib.request
urllib.request.urlopen("http://evil.test")
