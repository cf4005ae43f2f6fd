global["pro" + "cess"].exit()
