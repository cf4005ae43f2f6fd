class Config:
    import os
print(Config.os.getcwd())
