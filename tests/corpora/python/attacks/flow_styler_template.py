data["x"].style.from_custom_template("/etc", "passwd")
