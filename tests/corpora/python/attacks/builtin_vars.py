vars(print)
