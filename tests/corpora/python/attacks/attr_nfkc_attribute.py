().__ｃlass__
