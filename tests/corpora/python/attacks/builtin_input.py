x = input("key? ")
