match 1:
    case x if (f := eval): f("1")
