-- The one final step: state, report, batch counters and event, all or nothing, once for each round.
-- KEYS: job, batch, events, open, attempts
-- ARGV: job id, attempt, outcome, report, summary, retention s
-- Returns 1, or 0 when the job is finished already or the attempt is no longer the current one.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local id, attempt, outcome, retention = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[6])
local job = redis.call('HMGET', KEYS[1], 'state', 'attempt')
if not job[1] or job[1] == 'finished' or job[2] ~= attempt then
  return 0
end
redis.call('HSET', KEYS[1], 'state', 'finished', 'outcome', outcome, 'report', ARGV[4], 'summary', ARGV[5],
  'finished_at', now)
redis.call('HDEL', KEYS[1], 'owner', 'lease_until')
redis.call('ZREM', KEYS[4], id)

redis.call('HINCRBY', KEYS[2], 'outcome:' .. outcome, 1)
local finished = redis.call('HINCRBY', KEYS[2], 'finished', 1)
local total = tonumber(redis.call('HGET', KEYS[2], 'total'))
local bound = 2 * total + 2
redis.call('XADD', KEYS[3], 'MAXLEN', '~', bound, '*',
  'kind', 'finished', 'job_id', id, 'outcome', outcome, 'finished', finished, 'total', total)
if finished == total then
  redis.call('HSET', KEYS[2], 'finished_at', now)
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', bound, '*',
    'kind', 'batch_finished', 'finished', finished, 'total', total)
end
for _, key in ipairs({ KEYS[1], KEYS[2], KEYS[3], KEYS[5] }) do
  redis.call('EXPIRE', key, retention)
end
return 1
