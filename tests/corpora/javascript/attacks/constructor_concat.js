(()=>{})["con" + "structor"]("return 1")()
