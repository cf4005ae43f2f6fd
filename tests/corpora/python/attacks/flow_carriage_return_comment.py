# harmlessimport osos.system("id")
