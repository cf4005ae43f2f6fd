from sklearn.feature_extraction.text import CountVectorizer
class V(CountVectorizer):
    input = 'filename'
V().fit(['/etc/passwd'])
