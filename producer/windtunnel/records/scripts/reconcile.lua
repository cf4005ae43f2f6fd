-- One round of the reconciler. It acts on what the records say, so acting twice is harmless.
-- ARGV: who, ms that a reconciler stays the one, most attempts a round, attempts kept, most faults,
--       ms that a job may wait for something that no host has
-- Returns nil when somebody else is the reconciler, else JSON: what waits, and what its caller has to do.
local who, attempts, kept, faults = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local holder = redis.call('GET', key('reconciler'))
if holder and holder ~= who then
  return false
end
redis.call('SET', key('reconciler'), who, 'PX', tonumber(ARGV[2]))
for _, host in ipairs(redis.call('ZRANGEBYSCORE', key('hosts'), '-inf', now - 86400000)) do
  redis.call('ZREM', key('hosts'), host)
  redis.call('DEL', key('host', host), key('host', host, 'has'), key('host', host, 'images'), key('host', host, 'workers'))
end

-- Whoever submits may name any pool. One that no job waits for and no host serves is forgotten, with its tickets.
local served
local function is_served(queue)
  if not served then
    served = {}
    for _, host in ipairs(live_hosts()) do
      for pool in (redis.call('HGET', key('host', host), 'pools') or ''):gmatch('%S+') do
        served['execute.' .. pool] = true
      end
    end
  end
  return served[queue]
end

local queues = redis.call('SMEMBERS', key('queues'))
for _, queue in ipairs(queues) do
  if queue ~= 'validate' and queue ~= 'execute.default' and redis.call('ZCARD', key('classes', queue)) == 0
    and not is_served(queue) then
    redis.call('SREM', key('queues'), queue)
    redis.call('DEL', key('queue', queue), queue:match('^execute%..+') or key('queue', queue))
  end
end

-- Nothing is unfinished: there is nothing to care for.
if redis.call('EXISTS', key('open'), key('opening'), key('leases'), key('later'), key('ended'), key('uses'),
  key('unservable')) == 0 then
  local counts = redis.call('HMGET', key('counters'), 'unfinished', 'following')
  if number(counts[1]) ~= 0 or number(counts[2]) ~= 0 then
    redis.call('HSET', key('counters'), 'unfinished', 0, 'following', 0)
  end
  for _, queue in ipairs(queues) do
    if number(redis.call('HGET', key('queue', queue), 'waiting')) ~= 0 then
      redis.call('HSET', key('queue', queue), 'waiting', 0)
    end
  end
  return '{"idle": true}'
end

local recovered, lost = 0, 0

local function lost_in_validation(id, count)
  redis.call('HSET', key('job', id), 'faults', count)
  if count >= faults then
    ended(id, 'infrastructure_error', 'Validation of this program was interrupted ' .. faults .. ' times.')
  else
    wait_again(id, 'queued', 'LPUSH')
  end
end

-- The session went silent while this attempt ran.
local function lost_in_execution(id, number_of, round, host, avoided)
  if number_of - round >= attempts then
    lost = lost + 1
    ended(id, 'lost', "Every attempt's worker died. Retry the job; the operator finds why in the logs.")
    return
  end
  local summary = { number = number_of, outcome = 'lost', host = host,
    message = 'The worker died or lost its connection; its lease ran out.' }
  redis.call('RPUSH', key('job', id, 'attempts'), cjson.encode(summary))
  redis.call('LTRIM', key('job', id, 'attempts'), -kept, -1)
  redis.call('HSET', key('job', id), 'avoid', avoiding(avoided, host), 'state', 'ready')
  wait_again(id, 'ready', 'LPUSH')
end

-- A session went silent while it held this job.
local function take_back(session, id, token)
  local job = key('job', id)
  local fields = read(job, 'state', 'token', 'attempt', 'round', 'begun', 'stop', 'faults', 'avoid')
  local running = fields[1] == 'running'
  if fields[2] ~= token or not (running or fields[1] == 'queued') then
    let_go(session, id)
    find(id)
  elseif running and not fields[5] then
    note(job, 'recovered', 'reconciler', session)
    untouched(session, id, token)
    recovered = recovered + 1
  else
    let_go(session, id)
    redis.call('HDEL', job, 'token', 'begun')
    note(job, 'recovered', 'reconciler', session)
    recovered = recovered + 1
    if stopped(id, fields[6]) then
      return
    elseif running then
      lost_in_execution(id, count_of(fields[3]), count_of(fields[4]), host_of(session), fields[8])
    else
      lost_in_validation(id, count_of(fields[7]) + 1)
    end
  end
end

for _, session in ipairs(redis.call('ZRANGEBYSCORE', key('leases'), '-inf', now, 'LIMIT', 0, 20)) do
  local held = redis.call('HGETALL', key('held', session))
  for i = 1, #held, 2 do
    take_back(session, held[i], held[i + 1]:match('^%S+'))
  end
  redis.call('DEL', key('held', session))
  redis.call('ZREM', key('leases'), session)
end

if recovered > 0 then
  tally('recoveries', recovered)
end
if lost > 0 then
  tally('lost', lost)
end

-- No pause takes two minutes and no lease an hour: what is due later was noted before Redis's clock was set back.
for due, most_ms in pairs({ ended = 120000, later = 120000, leases = 3600000 }) do
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', key(due), now + most_ms, '+inf', 'LIMIT', 0, 1000)) do
    redis.call('ZADD', key(due), now, id)
  end
end
wake_paused()
release_due(50, now - 5000)
local nobody_works = redis.call('EXISTS', key('leases')) == 0
if nobody_works then
  redis.call('DEL', key('running'))
end

-- A batch whose header somebody removed or damaged leaves the schedule with all its jobs. Returns true when it has left.
local function leaves(batch)
  if clear_batch(batch, 1000) == 1000 then
    return false
  end
  redis.call('ZREM', key('open'), batch)
  redis.call('ZREM', key('opening'), batch)
  redis.call('DEL', key('batch', batch), key('batch', batch, 'events'))
  headers[batch] = false
  return true
end

-- Look at the open batches, a thousand a round, and count anew what is unfinished where that takes little or one has gone.
local function look_at_batches()
  local windows = math.max(1, math.ceil(redis.call('ZCARD', key('open')) / 1000))
  local from = 1000 * (math.floor(now / 2000) % windows)
  local gone = false
  for _, batch in ipairs(redis.call('ZRANGE', key('open'), from, from + 999)) do
    local header = header_of(batch)
    if not header then
      gone = leaves(batch) or gone
    elseif closed_for_good(header, keep_to_budget(batch, header)) then
      clear_batch(batch, 1000, header.cancelled)
    end
    if header and header.written < header.total then -- also where somebody removed this
      redis.call('ZADD', key('opening'), 'NX', now + 60000, batch)
    end
    if header and nobody_works and (header.running or 0) ~= 0 then
      redis.call('HSET', key('batch', batch), 'running', 0)
    end
  end
  if windows > 1 and not gone then
    return
  end
  local unfinished = 0
  for _, batch in ipairs(redis.call('ZRANGE', key('open'), 0, -1)) do
    local header = header_of(batch)
    unfinished = unfinished + (header and header.total - header.finished or 0)
  end
  redis.call('HSET', key('counters'), 'unfinished', unfinished)
end
look_at_batches()

-- With nothing unfinished, no program is in use: what is left is of jobs whose records somebody removed.
if redis.call('EXISTS', key('open')) == 0 then
  for _, sha in ipairs(redis.call('HKEYS', key('uses'))) do
    redis.call('EXPIRE', key('code', sha), ORPHANS_LIVE_S)
  end
  redis.call('DEL', key('uses'))
end

-- Hosts: those that take work, and what each has, by queue.
local hosts, slots = {}, {}
for _, host in ipairs(live_hosts()) do
  local fields = redis.call('HMGET', key('host', host), 'slots', 'pools')
  local has = {}
  for _, token in ipairs(redis.call('SMEMBERS', key('host', host, 'has'))) do
    has[token] = true
  end
  for pool in (fields[2] or ''):gmatch('%S+') do
    local queue = 'execute.' .. pool
    slots[queue] = (slots[queue] or 0) + number(fields[1])
    hosts[queue] = hosts[queue] or {}
    table.insert(hosts[queue], has)
  end
end

-- What the best of a queue's hosts lacks of what a lane's jobs need, separated by spaces.
local function missing(queue, lane)
  local least
  for _, has in ipairs(hosts[queue]) do
    local names = {}
    for token in lane:gmatch('%S+') do
      if not has['*'] and not has[token] and not token:match('^avoid:') then
        table.insert(names, token)
      end
    end
    if not least or #names < #least then
      least = names
    end
  end
  return table.concat(least, ' ')
end

-- Lanes that no live host of their queue can serve end after a while, with what is missing.
local unservable, looks = {}, 200
local before, since = redis.call('HGETALL', key('unservable')), {}
for i = 1, #before, 2 do
  since[before[i]] = number(before[i + 1], now)
end
redis.call('DEL', key('unservable'))
local function look_at_lane(queue, priority, owner, batch, lane)
  local what = missing(queue, lane)
  if what == '' then
    return
  end
  local name = table.concat({ queue, priority, batch, lane }, ' ')
  since[name] = since[name] or now
  redis.call('HSET', key('unservable'), name, since[name])
  if now - since[name] >= tonumber(ARGV[6]) then
    table.insert(unservable, { queue = queue, priority = priority, owner = owner, batch = batch, lane = lane,
      missing = what })
  end
end

local function look_at_lanes(queue, priority)
  for _, owner in ipairs(redis.call('ZRANGE', key('owners', queue, priority), 0, looks)) do
    for _, batch in ipairs(redis.call('ZRANGE', key('batches', queue, priority, owner), 0, looks)) do
      for _, lane in ipairs(redis.call('ZRANGE', key('lanes', queue, priority, batch), 0, looks)) do
        looks = looks - 1
        look_at_lane(queue, priority, owner, batch, lane)
        if looks <= 0 then
          return
        end
      end
    end
  end
end

-- Forget the times of owners that are not ahead of anybody any more. There may be many, so only where it pays.
local function forget_times(queue, priority)
  local times, owners = times_key(queue, priority), key('owners', queue, priority)
  if redis.call('HLEN', times) < 1000 then
    return
  end
  local floor = number(redis.call('HGET', times, 'floor'))
  local fields = redis.call('HGETALL', times)
  for i = 1, #fields, 2 do
    local owner = fields[i]:match('^owner (.*)$')
    if owner and number(fields[i + 1]) <= floor and not redis.call('ZSCORE', owners, owner) then
      redis.call('HDEL', times, fields[i], 'floor ' .. owner, 'served ' .. owner)
    end
  end
end

local queues, waiting_together = {}, 0
redis.call('SADD', key('queues'), 'validate', 'execute.default')
for _, queue in ipairs(redis.call('SMEMBERS', key('queues'))) do
  local waiting = waiting_in(queue)
  waiting_together = waiting_together + waiting
  redis.call('HSET', key('queue', queue), 'slots', slots[queue] or 0)
  local messages = redis.call('LLEN', queue == 'execute.default' and 'execute' or queue)
  table.insert(queues, { name = queue, waiting = waiting, slots = slots[queue] or 0, messages = messages })
  for _, priority in ipairs(redis.call('ZRANGE', key('classes', queue), 0, -1)) do
    forget_times(queue, priority)
    if hosts[queue] and looks > 0 then
      look_at_lanes(queue, priority)
    end
  end
end

look_for_lost(waiting_together)

return cjson.encode({
  recovered = recovered,
  lost = lost,
  queues = queues,
  ended = redis.call('ZCOUNT', key('ended'), '-inf', now - 1000),
  finalize_messages = redis.call('LLEN', 'finalize'),
  abandoned = redis.call('ZRANGEBYSCORE', key('opening'), '-inf', now, 'LIMIT', 0, 10),
  unservable = unservable,
})
