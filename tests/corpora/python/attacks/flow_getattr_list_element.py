fs = [getattr]
fs[0](print, "__self__")
