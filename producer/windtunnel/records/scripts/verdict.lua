-- Record a verdict on a job that is still queued. A rejection counts as an attempt that ended here.
-- KEYS: job, open
-- ARGV: job id, verdict, '1' safe | '0' rejected, ms spent, grace ms, retention s
-- Returns the attempt number that finalize must show, or -1 if the job was not queued.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('HGET', KEYS[1], 'state') ~= 'queued' then
  return -1
end
redis.call('HSET', KEYS[1], 'state', 'validated', 'validation', ARGV[2],
  'validating_at', now - tonumber(ARGV[4]), 'validated_at', now)
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[5]), ARGV[1])
redis.call('EXPIRE', KEYS[1], tonumber(ARGV[6]))
if ARGV[3] == '1' then
  return tonumber(redis.call('HGET', KEYS[1], 'attempt'))
end
redis.call('HSET', KEYS[1], 'outcome', 'rejected')
return redis.call('HINCRBY', KEYS[1], 'attempt', 1)
