from sklearn.feature_extraction.text import CountVectorizer
CountVectorizer("filename").fit_transform(["/etc/passwd"])
