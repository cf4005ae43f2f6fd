-- The one final step: state, report, batch counters and event, all or nothing, once for each round.
-- ARGV: retention s, who, then for each job: id, attempt, token, outcome, report, what it adds to the counters
-- Returns for each job 1, or 0 when it was finished before.
local retention, who = tonumber(ARGV[1]), ARGV[2]
local answers, over = {}, {}
local outcomes, programs = {}, {} -- of the jobs that are finished here: by batch, by program and policy

-- Whoever damaged a batch's events or a counter of its must not cost others their reports.
local function tell(batch, total, ...)
  local events = key('batch', batch, 'events')
  if redis.pcall('XADD', events, 'MAXLEN', '~', 2 * total + 2, '*', ...).err then
    redis.call('DEL', events)
    redis.call('XADD', events, '*', ...)
  end
end

local function close(batch, at, total)
  redis.call('HSET', at, 'finished_at', now)
  redis.call('HDEL', at, 'running')
  redis.call('ZREM', key('open'), batch)
  tell(batch, total, 'kind', 'batch_finished', 'finished', total)
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
  return not over[id] and redis.call('ZSCORE', key('ended'), id)
    and (fields[1] ~= 'ended' or (fields[2] or '') == attempt and (fields[5] or '') == token)
end

local function add(counts, of, name)
  counts[of] = counts[of] or {}
  counts[of][name] = (counts[of][name] or 0) + 1
end

local function finish(id, batch, header, fields, outcome, report)
  local job = key('job', id)
  redis.call('HSET', job, 'state', 'finished', 'outcome', outcome, 'report', report,
    'history', history_with(fields[6], 'finished', who, outcome))
  redis.call('HDEL', job, 'execution', 'message', 'token', 'begun', 'stop', 'faults', 'avoid')
  redis.call('EXPIRE', job, retention)
  redis.call('EXPIRE', key('job', id, 'attempts'), retention)
  header.finished = header.finished + 1
  tell(batch, header.total, 'kind', 'finished', 'finished', header.finished, 'index', index_of(id), 'outcome', outcome)
  over[id] = true
  add(outcomes, batch, outcome)
  if fields[3] then
    add(programs, fields[3], fields[4] or '')
  end
end

local function count(batch, counts)
  local at, header = key('batch', batch), header_of(batch)
  for outcome, jobs in pairs(counts) do
    redis.pcall('HINCRBY', at, 'outcome:' .. outcome, jobs)
    redis.call('HINCRBY', key('counters'), 'unfinished', -jobs)
  end
  redis.call('HSET', at, 'finished', header.finished)
  if header.finished == header.total then
    close(batch, at, header.total)
  end
end

-- So many jobs of a program do not need it any more; its verdicts by these policies are those of their reports.
local function release(program, policies)
  local jobs = 0
  for policy, count_of_jobs in pairs(policies) do
    jobs = jobs + count_of_jobs
    redis.call('EXPIRE', key('verdict', program, policy), retention)
  end
  local unused = use_program(program, -jobs)
  if unused then
    redis.call('EXPIRE', key('code', unused), retention)
  end
end

-- What the jobs that are finished here add to the counters: '<name>=<amount> …' each.
local counts = {}
local function count_up(words)
  for name, amount in words:gmatch('(%S+)=(%S+)') do
    counts[name] = (counts[name] or 0) + number(amount)
  end
end

for i = 3, #ARGV, 6 do
  local id, batch = ARGV[i], batch_of(ARGV[i])
  local fields = read(key('job', id), 'state', 'attempt', 'program', 'policy', 'token', 'history')
  local header = header_of(batch)
  if not header then
    discard(id)
    table.insert(answers, 0)
  elseif is_due(id, fields, ARGV[i + 1], ARGV[i + 2]) then
    finish(id, batch, header, fields, ARGV[i + 3], ARGV[i + 4])
    count_up(ARGV[i + 5])
    table.insert(answers, 1)
  else
    table.insert(answers, 0)
  end
end
for id in pairs(over) do
  redis.call('ZREM', key('ended'), id)
end
for batch, counts in pairs(outcomes) do
  count(batch, counts)
end
for program, policies in pairs(programs) do
  release(program, policies)
end
for name, amount in pairs(counts) do
  tally(name, amount)
end
return answers
