-- The one final step: state, report, batch counters and event, all or nothing, once for each round.
-- ARGV: retention s, who, then for each job: id, attempt, outcome, report
-- Returns for each job 1, or 0 when it was finished before.
local retention, who = tonumber(ARGV[1]), ARGV[2]
local answers = {}

local function close(batch, at, total)
  redis.call('HSET', at, 'finished_at', now)
  redis.call('HDEL', at, 'running')
  redis.call('ZREM', key('open'), batch)
  redis.call('XADD', key('batch', batch, 'events'), 'MAXLEN', '~', 2 * total + 2, '*', 'kind', 'batch_finished',
    'finished', total)
  for _, one in ipairs({ at, key('batch', batch, 'events') }) do
    redis.call('EXPIRE', one, retention)
  end
  local header = redis.call('HMGET', at, 'owner', 'key')
  if header[2] then
    redis.call('EXPIRE', key('idempotency', header[2]), retention)
  end
  for _, queue in ipairs(redis.call('SMEMBERS', key('queues'))) do
    for priority = 0, 9 do
      redis.call('HDEL', times_key(queue, priority), 'batch ' .. batch)
    end
  end
end

for i = 3, #ARGV, 4 do
  local id, outcome = ARGV[i], ARGV[i + 2]
  local job, batch = key('job', id), batch_of(id)
  local at = key('batch', batch)
  local fields = redis.call('HMGET', job, 'state', 'attempt', 'program', 'policy')
  redis.call('ZREM', key('ended'), id)
  if fields[1] == 'finished' or (fields[1] and fields[1] ~= 'ended') or number(fields[2]) ~= number(ARGV[i + 1])
    or redis.call('EXISTS', at) == 0 then
    table.insert(answers, 0)
  else
    redis.call('HSET', job, 'state', 'finished', 'outcome', outcome, 'report', ARGV[i + 3])
    redis.call('HDEL', job, 'execution', 'message', 'token', 'begun', 'stop', 'faults', 'avoid')
    note(job, 'finished', who, outcome)
    redis.call('EXPIRE', job, retention)
    redis.call('EXPIRE', key('job', id, 'attempts'), retention)
    if fields[3] then
      local unused = use_program(fields[3], -1)
      if unused then
        redis.call('EXPIRE', key('code', unused), retention)
      end
      if fields[4] then
        redis.call('EXPIRE', key('verdict', fields[3], fields[4]), retention)
      end
    end
    redis.call('HINCRBY', key('counters'), 'unfinished', -1)
    redis.call('HINCRBY', at, 'outcome:' .. outcome, 1)
    local finished = redis.call('HINCRBY', at, 'finished', 1)
    local total = tonumber(redis.call('HGET', at, 'total'))
    redis.call('XADD', key('batch', batch, 'events'), 'MAXLEN', '~', 2 * total + 2, '*', 'kind', 'finished',
      'finished', finished, 'index', index_of(id), 'outcome', outcome)
    if finished == total then
      close(batch, at, total)
    end
    table.insert(answers, 1)
  end
end
return answers
