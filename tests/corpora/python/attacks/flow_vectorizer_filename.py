from sklearn.feature_extraction.text import CountVectorizer
CountVectorizer(input="filename").fit(["/etc/passwd"])
