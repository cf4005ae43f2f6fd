-- Take the lease on a validated job, or on a running one whose lease has expired, as its next attempt.
-- The attempt that lost its lease joins the history as lost.
-- KEYS: job, open, attempts
-- ARGV: job id, owner, lease ms, attempts a round, attempts kept, retention s
-- Returns {'claimed', attempt, spec, isolation} | {'executed', attempt} | {'exhausted', attempt} | {'held', ms} | {'no'}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local job = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'round_start', 'lease_until', 'outcome', 'executed_at', 'owner')
local state, attempt = job[1], tonumber(job[2])

if state == 'running' and job[6] then
  return { 'executed', attempt }
end
if state == 'running' and tonumber(job[4]) > now then
  return { 'held', tonumber(job[4]) - now }
end
if state ~= 'running' and (state ~= 'validated' or job[5]) then
  return { 'no' }
end
if attempt - tonumber(job[3]) >= tonumber(ARGV[4]) then
  return { 'exhausted', attempt }
end
if state == 'running' then
  local lost = { number = attempt, outcome = 'lost', host = job[7]:match('^[^:]*'),
    message = 'The worker died or lost its connection; its lease ran out.' }
  redis.call('RPUSH', KEYS[3], cjson.encode(lost))
  redis.call('LTRIM', KEYS[3], -tonumber(ARGV[5]), -1)
  redis.call('EXPIRE', KEYS[3], tonumber(ARGV[6]))
end
attempt = redis.call('HINCRBY', KEYS[1], 'attempt', 1)
local until_ = now + tonumber(ARGV[3])
redis.call('HSET', KEYS[1], 'state', 'running', 'owner', ARGV[2], 'lease_until', until_, 'claimed_at', now)
redis.call('EXPIRE', KEYS[1], tonumber(ARGV[6]))
redis.call('ZADD', KEYS[2], until_, ARGV[1])
local what = redis.call('HMGET', KEYS[1], 'spec', 'isolation')
return { 'claimed', attempt, what[1], what[2] }
