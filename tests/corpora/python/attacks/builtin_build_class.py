__build_class__(lambda: None, "A")
