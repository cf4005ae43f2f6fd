(()=>1)["rotcurtsnoc".split("").reverse().join("")]("x")
