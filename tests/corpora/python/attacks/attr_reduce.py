x = [].__reduce_ex__(2)
