from sklearn.feature_extraction.text import CountVectorizer
v = CountVectorizer()
v.input = 'filename'
print(v.fit(['/etc/passwd']).vocabulary_)
