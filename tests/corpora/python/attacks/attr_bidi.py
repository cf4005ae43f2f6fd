x = 1  # ‮ gnihtemos
