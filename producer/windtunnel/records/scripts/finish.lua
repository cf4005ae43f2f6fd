-- The one final step: state, report, batch counters and event, all or nothing, once for each round.
-- ARGV: retention s, who, then for each job: id, attempt, token, outcome, report
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
  local reserved = redis.call('HGET', at, 'key')
  if reserved then
    redis.call('EXPIRE', key('idempotency', reserved), retention)
  end
  for _, queue in ipairs(redis.call('SMEMBERS', key('queues'))) do
    for priority = 0, 9 do
      redis.call('HDEL', times_key(queue, priority), 'batch ' .. batch)
    end
  end
end

-- The job waits for this report. One whose record was removed or damaged meanwhile gets it too.
local function is_due(id, fields, attempt, token)
  return redis.call('ZSCORE', key('ended'), id)
    and (fields[1] ~= 'ended' or (fields[2] or '') == attempt and (fields[5] or '') == token)
end

local function count(id, batch, header, outcome)
  local at = key('batch', batch)
  redis.call('HINCRBY', key('counters'), 'unfinished', -1)
  redis.call('HINCRBY', at, 'outcome:' .. outcome, 1)
  local finished = redis.call('HINCRBY', at, 'finished', 1)
  redis.call('XADD', key('batch', batch, 'events'), 'MAXLEN', '~', 2 * header.total + 2, '*', 'kind', 'finished',
    'finished', finished, 'index', index_of(id), 'outcome', outcome)
  if finished == header.total then
    close(batch, at, header.total)
  end
end

local function finish(id, batch, header, fields, outcome, report)
  local job = key('job', id)
  redis.call('HSET', job, 'state', 'finished', 'outcome', outcome, 'report', report)
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
  count(id, batch, header, outcome)
end

for i = 3, #ARGV, 5 do
  local id, batch = ARGV[i], batch_of(ARGV[i])
  local fields = read(key('job', id), 'state', 'attempt', 'program', 'policy', 'token')
  local header = header_of(batch)
  if not header then
    discard(id)
    table.insert(answers, 0)
  elseif is_due(id, fields, ARGV[i + 1], ARGV[i + 2]) then
    redis.call('ZREM', key('ended'), id)
    finish(id, batch, header, fields, ARGV[i + 3], ARGV[i + 4])
    table.insert(answers, 1)
  else
    table.insert(answers, 0)
  end
end
return answers
