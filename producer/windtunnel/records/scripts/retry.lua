-- Queue a finished job again. Its ended attempt joins the history; the batch's counters step back.
-- KEYS: job, batch, events, open, attempts
-- ARGV: job id, attempts kept, retention s, grace ms, then the outcomes that are retried
-- Returns 1, or 0 when the job is not finished or ended otherwise.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local id, retention = ARGV[1], tonumber(ARGV[3])
local job = redis.call('HMGET', KEYS[1], 'state', 'outcome', 'summary', 'attempt')
if job[1] ~= 'finished' then
  return 0
end
local wanted = false
for i = 5, #ARGV do
  wanted = wanted or ARGV[i] == job[2]
end
if not wanted then
  return 0
end
redis.call('RPUSH', KEYS[5], job[3])
redis.call('LTRIM', KEYS[5], -tonumber(ARGV[2]), -1)
redis.call('HSET', KEYS[1], 'state', 'queued', 'round_start', job[4], 'submitted_at', now)
redis.call('HDEL', KEYS[1], 'outcome', 'summary', 'report', 'finished_at', 'validation', 'validating_at',
  'validated_at', 'claimed_at', 'execution', 'executed_at')
redis.call('ZADD', KEYS[4], now + tonumber(ARGV[4]), id)

redis.call('HINCRBY', KEYS[2], 'outcome:' .. job[2], -1)
local finished = redis.call('HINCRBY', KEYS[2], 'finished', -1)
redis.call('HDEL', KEYS[2], 'finished_at')
local total = tonumber(redis.call('HGET', KEYS[2], 'total'))
redis.call('XADD', KEYS[3], 'MAXLEN', '~', 2 * total + 2, '*',
  'kind', 'retried', 'job_id', id, 'finished', finished, 'total', total)
for _, key in ipairs({ KEYS[1], KEYS[2], KEYS[3], KEYS[5] }) do
  redis.call('EXPIRE', key, retention)
end
return 1
