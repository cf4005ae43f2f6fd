const { constructor: C } = () => 1; C("return 1")()
