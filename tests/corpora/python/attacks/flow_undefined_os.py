os.system("id")
