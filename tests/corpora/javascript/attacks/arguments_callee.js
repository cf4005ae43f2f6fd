(function () { return arguments.callee.caller })()
