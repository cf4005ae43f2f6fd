getattr((), {"k": "__class__"}["k"])
