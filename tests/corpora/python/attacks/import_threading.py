import threading
while True:
    threading.Thread(target=print).start()
