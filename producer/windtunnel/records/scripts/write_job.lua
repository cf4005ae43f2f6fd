-- Write one job record unless it is there already, so that a producer may write a batch again.
-- KEYS: job, open
-- ARGV: job id, spec, isolation, retention s, grace ms before the reconciler looks
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
redis.call('HSET', KEYS[1], 'spec', ARGV[2], 'isolation', ARGV[3], 'state', 'queued', 'attempt', 0,
  'round_start', 0, 'submitted_at', now)
redis.call('EXPIRE', KEYS[1], tonumber(ARGV[4]))
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[5]), ARGV[1])
return 1
