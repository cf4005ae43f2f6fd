-- Record what an attempt did. A later attempt's record is never overwritten by an earlier one's.
-- KEYS: job, open
-- ARGV: job id, attempt, execution, outcome, grace ms, retention s
-- Returns 1, or 0 when the attempt is no longer the current one.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local job = redis.call('HMGET', KEYS[1], 'state', 'attempt')
if job[1] ~= 'running' or job[2] ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], 'execution', ARGV[3], 'outcome', ARGV[4], 'executed_at', now)
redis.call('EXPIRE', KEYS[1], tonumber(ARGV[6]))
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[5]), ARGV[1])
return 1
