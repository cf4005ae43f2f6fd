({}).__proto__.polluted = 1
