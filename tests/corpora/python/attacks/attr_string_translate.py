getattr((), "..class..".translate({46: 95}))
