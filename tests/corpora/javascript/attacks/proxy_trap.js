new Proxy({}, { get() { return 1 } })
