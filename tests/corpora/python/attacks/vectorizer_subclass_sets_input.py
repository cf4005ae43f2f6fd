from sklearn.feature_extraction.text import CountVectorizer
class V(CountVectorizer):
    def __init__(self):
        super().__init__()
        self.input = 'filename'
V().fit(['/etc/passwd'])
