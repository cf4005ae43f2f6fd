x = 1; import os; os.system("id")
