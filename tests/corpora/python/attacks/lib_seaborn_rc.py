import seaborn as sns
sns.set_theme(rc={"text.usetex": True})
