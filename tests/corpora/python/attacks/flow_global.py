def set_it():
    global run
    run = eval
set_it()
run("1")
