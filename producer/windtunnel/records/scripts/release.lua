-- Give a job back after a fault of the machinery, for another attempt after a pause.
-- KEYS: job, attempts, open
-- ARGV: job id, attempt, summary, attempts a round, attempts kept, retention s, grace ms
-- Returns 1 when another attempt is due, 0 when none is left or the attempt is no longer the current one.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local job = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'round_start')
if job[1] ~= 'running' or job[2] ~= ARGV[2] then
  return 0
end
if tonumber(job[2]) - tonumber(job[3]) >= tonumber(ARGV[4]) then
  return 0
end
redis.call('RPUSH', KEYS[2], ARGV[3])
redis.call('LTRIM', KEYS[2], -tonumber(ARGV[5]), -1)
redis.call('EXPIRE', KEYS[2], tonumber(ARGV[6]))
redis.call('HSET', KEYS[1], 'state', 'validated')
redis.call('HDEL', KEYS[1], 'owner', 'lease_until', 'claimed_at')
redis.call('EXPIRE', KEYS[1], tonumber(ARGV[6]))
redis.call('ZADD', KEYS[3], now + tonumber(ARGV[7]), ARGV[1])
return 1
