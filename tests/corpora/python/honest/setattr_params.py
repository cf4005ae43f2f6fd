class P:
    def __init__(self, **kw):
        for k, v in kw.items():
            setattr(self, k, v)
p = P(fast=3, slow=9)
print(p.fast)
