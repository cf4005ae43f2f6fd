import hashlib
hashlib.file_digest(open("/etc/passwd", "rb"), "md5")
