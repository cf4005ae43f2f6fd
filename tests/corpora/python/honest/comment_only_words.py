# import os; os.system("rm -rf /")  -- a comment is no code
text = "import os"
print(text, "eval('1')", '__import__("os")'[:3])
