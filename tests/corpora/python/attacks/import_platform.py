import platform
platform.popen("id")
