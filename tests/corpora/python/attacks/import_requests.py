import requests
requests.get("http://evil.test")
