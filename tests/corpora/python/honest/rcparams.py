import matplotlib.pyplot as plt
plt.style.use("ggplot")
plt.rcParams["figure.figsize"] = (12, 6)
plt.rcParams.update({"font.size": 10})
data["sp500"]["Close"].plot(title="x", figsize=(8, 3), grid=True)
plt.gca().set_xlabel("t")
plt.show()
