-- Renew the lease of an attempt. Returns 1, or 0 when the attempt is no longer the current one.
-- KEYS: job, open
-- ARGV: job id, attempt, lease ms, retention s
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local job = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'executed_at')
if job[1] ~= 'running' or job[2] ~= ARGV[2] or job[3] then
  return 0
end
local until_ = now + tonumber(ARGV[3])
redis.call('HSET', KEYS[1], 'lease_until', until_)
redis.call('EXPIRE', KEYS[1], tonumber(ARGV[4]))
redis.call('ZADD', KEYS[2], until_, ARGV[1])
return 1
