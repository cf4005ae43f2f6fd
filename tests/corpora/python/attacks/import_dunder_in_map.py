list(map(__import__, ["os"]))
