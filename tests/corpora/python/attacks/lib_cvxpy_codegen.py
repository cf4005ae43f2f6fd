import osqp
osqp.OSQP().codegen("/tmp/out")
