Error.prepareStackTrace = (_, s) => s
