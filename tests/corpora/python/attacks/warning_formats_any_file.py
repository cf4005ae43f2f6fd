import warnings
for i in range(1, 5):
    print(warnings.formatwarning('x', UserWarning, '/etc/passwd', i))
