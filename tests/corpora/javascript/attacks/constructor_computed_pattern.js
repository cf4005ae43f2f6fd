const { ["constructor"]: C } = () => 1; C("x")
