(()=>1).\u0063onstructor("return 1")()
