try:
    pass
except Exception as open:
    pass
open("/etc/passwd")
