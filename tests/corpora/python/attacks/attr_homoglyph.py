dеf_price = 1
