(()=>1)[String.fromCharCode(99,111,110)]("x")
