(()=>1)["\x63onstructor"]("return 1")()
