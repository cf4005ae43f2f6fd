if params:
    import subprocess as sp
