require(params.module)
