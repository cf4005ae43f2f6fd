import uuid
uuid.os.system("id")
