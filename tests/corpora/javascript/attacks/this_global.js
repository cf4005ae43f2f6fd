(function () { return this })().process
