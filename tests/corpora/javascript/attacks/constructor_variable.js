const k = "constructor"; (()=>1)[k]("return 1")()
