from sklearn.feature_extraction.text import CountVectorizer
class V(CountVectorizer):
    pass
print(V(input="filename").fit(["/etc/passwd"]).vocabulary_)
