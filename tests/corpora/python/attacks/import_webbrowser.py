import webbrowser
webbrowser.open("http://evil.test")
