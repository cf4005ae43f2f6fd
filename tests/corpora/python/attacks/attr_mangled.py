import string
string.Formatter()._Formatter__x
