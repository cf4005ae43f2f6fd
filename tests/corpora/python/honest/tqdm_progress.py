from tqdm import tqdm
total = 0
for c in tqdm(data["sp500"]["Close"], desc="bars", file=None):
    total += c
print(total)
