from sklearn.feature_extraction.text import TfidfVectorizer
opts = {}
opts['input'] = 'file' + 'name'
v = TfidfVectorizer(**opts)
print(v.fit(['/etc/passwd']).vocabulary_)
