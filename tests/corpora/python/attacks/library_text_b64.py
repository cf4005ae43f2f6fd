import base64
data["x"].agg(base64.b64decode("dG9fY2xpcGJvYXJk").decode())
