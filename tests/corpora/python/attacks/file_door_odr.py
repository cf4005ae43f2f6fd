from scipy import odr
o = odr.ODR(odr.Data([1], [1]), odr.unilinear, beta0=[1, 1], rptfile="/tmp/x")
o.run()
