import logging, warnings, itertools, collections, statistics, random, time
logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
log = logging.getLogger(__name__)
log.info("x %s", 1)
rng = random.Random(3)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
t0 = time.perf_counter()
