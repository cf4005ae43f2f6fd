from sklearn.feature_extraction.text import CountVectorizer
v = CountVectorizer()
v.set_params(input="filename")
print(v.fit_transform(["/etc/passwd"]))
