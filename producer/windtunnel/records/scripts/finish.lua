-- The one final step: state, report, batch counters and event, all or nothing, once for each round.
-- ARGV: retention s, who, reports that may wait for the archive (0: there is none), then for each job: id, attempt,
--       token, outcome, report, its figures, why it failed ('' if not), digest of the image it ran in,
--       trial ('' or `<digest> <Sharpe ratio>/<bars>|- <dataset>…`), what it adds to the counters, how it had ended
-- Returns for each job 1, or 0 when it was finished before.
local retention, who, most_spooled = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local answers, over = {}, {}
local outcomes, programs = {}, {} -- of the jobs that are finished here: by batch, by program and policy

-- What a batch's receiver is to be told goes into the outbox with the change itself.
local function write_hook(batch, fields)
  local at = key('batch', batch)
  local batch_fields = redis.call('HMGET', at, 'webhook', 'name', 'total')
  local readable, hook = pcall(cjson.decode, batch_fields[1] or '')
  if not readable or type(hook) ~= 'table' or type(hook.url) ~= 'string'
    or fields.kind == 'job_finished' and hook.each ~= 'job' then
    return
  end
  local event = batch .. ':' .. add(at, 'hooks', 1)
  fields.id, fields.batch_id, fields.name, fields.total = event, batch, batch_fields[2], tonumber(batch_fields[3])
  fields.at_ms = now
  redis.call('HSET', key('hook', event), 'url', hook.url, 'body', cjson.encode(fields))
  redis.call('EXPIRE', key('hook', event), retention)
  redis.call('ZADD', key('outbox', hook_host(hook.url)), now, event)
  next_hook(hook_host(hook.url))
end

local function hook_of_batch(batch, total)
  local told = {}
  for _, outcome in ipairs({ 'succeeded', 'rejected', 'failed', 'timed_out', 'memory_exceeded', 'cpu_exceeded',
    'io_exceeded', 'output_exceeded', 'disk_exceeded', 'processes_exceeded', 'cancelled', 'lost',
    'infrastructure_error' }) do
    local jobs = number(redis.call('HGET', key('batch', batch), 'outcome:' .. outcome))
    if jobs > 0 then
      told[outcome] = jobs
    end
  end
  write_hook(batch, { kind = 'batch_finished', finished = total, outcomes = told })
end

local function close(batch, at, total)
  redis.call('HSET', at, 'finished_at', now)
  redis.call('HDEL', at, 'running')
  if number(redis.call('HGET', at, 'outcome:cancelled')) == 0 then
    redis.call('HDEL', at, 'cancelled', 'closed_at') -- all of its jobs had ended by then
  end
  redis.call('ZREM', key('open'), batch)
  tell(batch, total, 'kind', 'batch_finished', 'finished', total)
  hook_of_batch(batch, total)
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

-- The job waits for this report: it has not ended anew since. One whose record was removed or damaged gets it too.
local function is_due(id, fields, attempt, token, outcome)
  return not over[id] and redis.call('ZSCORE', key('ended'), id) and (fields[1] ~= 'ended'
    or (fields[2] or '') == attempt and (fields[5] or '') == token and (fields[9] or '') == outcome)
end

local function count_one(counts, of, name)
  counts[of] = counts[of] or {}
  counts[of][name] = (counts[of][name] or 0) + 1
end

-- The breaker: closes a batch whose first reports all say the same failure.
local function notice(batch, header, outcome, failure)
  local most = header.budget.same_failure
  if not most or header.cancelled or outcome == 'cancelled' then
    return
  end
  local at = key('batch', batch)
  local before = redis.call('HMGET', at, 'alike', 'alike_reason')
  local alike = number(before[1])
  if alike < 0 or failure == '' or before[2] and before[2] ~= failure then
    redis.call('HSET', at, 'alike', -1) -- they differ: it goes on to its end
    return
  end
  redis.call('HSET', at, 'alike', alike + 1, 'alike_reason', failure)
  if alike + 1 >= most then
    close_batch(batch, header, 'budget same_failure ' .. string.format('%.0f', most))
  end
end

-- A job that led in the cache: its result is kept, and who followed goes on.
local function lead_on(id, digest, outcome, attempt, place, image)
  local at = key('cache', digest)
  if redis.call('HGET', at, 'leader') ~= id then
    return
  end
  redis.call('HDEL', at, 'leader')
  if KEPT[outcome] or PASSED_ON[outcome] then
    local _, _, needs = place_of(place)
    redis.call('HSET', at, 'source', id, 'attempt', attempt, 'needs', needs or '', 'image', image)
    redis.call('EXPIRE', at, retention)
  end
  release(digest)
end

local function finish(id, batch, header, fields, outcome, report, figures)
  local job = key('job', id)
  redis.call('HSET', job, 'state', 'finished', 'outcome', outcome, 'report', report, 'figures', figures,
    'history', history_with(fields[6], 'finished', who, outcome))
  redis.call('HDEL', job, 'execution', 'message', 'token', 'begun', 'stop', 'faults', 'avoid', 'suspect', 'cached_from',
    'started')
  redis.call('EXPIRE', job, retention)
  redis.call('EXPIRE', key('job', id, 'attempts'), retention)
  header.finished = header.finished + 1
  tell(batch, header.total, 'kind', 'finished', 'finished', header.finished, 'index', index_of(id), 'outcome', outcome)
  if header.webhook then
    write_hook(batch, { kind = 'job_finished', job_id = id, outcome = outcome, finished = header.finished })
  end
  if most_spooled > 0 then
    redis.call('RPUSH', key('archive'), id .. ' ' .. count_of(fields[2]) .. ' ' .. now)
  end
  over[id] = true
  count_one(outcomes, batch, outcome)
  if fields[3] then
    count_one(programs, fields[3], fields[4] or '')
  end
end

local function count(batch, counts)
  local at, header = key('batch', batch), header_of(batch)
  for outcome, jobs in pairs(counts) do
    add(at, 'outcome:' .. outcome, jobs)
    add(key('counters'), 'unfinished', -jobs)
    add(key('counters'), 'outcome:' .. outcome, jobs)
  end
  redis.call('HSET', at, 'finished', header.finished)
  if header.finished == header.total then
    close(batch, at, header.total)
  end
end

-- So many jobs of a program do not need it any more; its verdicts by these policies are those of their reports.
local function release_program(program, policies)
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

local led = {}
for i = 4, #ARGV, 11 do
  local id, batch = ARGV[i], batch_of(ARGV[i])
  local fields = read(key('job', id), 'state', 'attempt', 'program', 'policy', 'token', 'history', 'cache', 'place',
    'outcome')
  local header = header_for(id)
  if not header then
    discard(id)
    table.insert(answers, 0)
  elseif is_due(id, fields, ARGV[i + 1], ARGV[i + 2], ARGV[i + 10]) then
    finish(id, batch, header, fields, ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
    notice(batch, header, ARGV[i + 3], ARGV[i + 6])
    if fields[7] then
      table.insert(led, { id, fields[7], ARGV[i + 3], fields[2] or '', fields[8], ARGV[i + 7] })
    end
    note_trial(header.owner, ARGV[i + 8])
    count_up(ARGV[i + 9])
    table.insert(answers, 1)
  else
    table.insert(answers, 0)
  end
end
for id in pairs(over) do
  redis.call('ZREM', key('ended'), id)
end
if most_spooled > 0 then
  redis.call('LTRIM', key('archive'), -most_spooled, -1)
end
for batch, counts in pairs(outcomes) do
  count(batch, counts)
end
for program, policies in pairs(programs) do
  release_program(program, policies)
end
for _, one in ipairs(led) do
  lead_on(unpack(one))
end
release_due(2, 0)
for name, amount in pairs(counts) do
  tally(name, amount)
end
return answers
