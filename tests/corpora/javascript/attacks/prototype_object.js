Object.prototype.toString = () => "x"
