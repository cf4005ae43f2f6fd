from tqdm.contrib.concurrent import process_map
print(process_map(abs, [1, 2]))
