globalThis.process.exit()
