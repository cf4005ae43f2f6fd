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

local recovered, lost = 0, 0

-- A session went silent in the middle of this job.
local function take_back(session, id, held)
  local job, batch = key('job', id), batch_of(id)
  local fields = redis.call('HMGET', job, 'state', 'token', 'attempt', 'round', 'begun', 'stop', 'faults')
  if fields[2] ~= held:match('^%S+') then
    redis.call('HDEL', key('held', session), id)
    return
  end
  redis.call('HDEL', job, 'token', 'begun')
  recovered = recovered + 1
  if fields[1] == 'queued' then
    redis.call('HDEL', key('held', session), id)
    note(job, 'recovered', 'reconciler', session)
    if redis.call('HINCRBY', job, 'faults', 1) >= faults then
      ended(id, 'infrastructure_error', 'Validation of this program was interrupted ' .. faults .. ' times.')
    else
      wait_again(id, 'queued', 'LPUSH')
    end
    return
  end
  let_go(session, id, redis.call('HGET', key('batch', batch), 'owner'), batch)
  local host = host_of(session)
  if not fields[5] then
    redis.call('HINCRBY', job, 'attempt', -1)
  elseif not fields[6] and number(fields[3]) - number(fields[4]) < attempts then
    local summary = { number = tonumber(fields[3]), outcome = 'lost', host = host,
      message = 'The worker died or lost its connection; its lease ran out.' }
    redis.call('RPUSH', key('job', id, 'attempts'), cjson.encode(summary))
    redis.call('LTRIM', key('job', id, 'attempts'), -kept, -1)
    redis.call('HSET', job, 'avoid', host)
  end
  note(job, 'recovered', 'reconciler', session)
  if fields[6] then
    ended(id, 'cancelled', fields[6]:match('^%S+ (.*)$'))
  elseif fields[5] and number(fields[3]) - number(fields[4]) >= attempts then
    lost = lost + 1
    ended(id, 'lost', "Every attempt's worker died. Retry the job; the operator finds why in the logs.")
  else
    redis.call('HSET', job, 'state', 'ready')
    wait_again(id, 'ready', 'LPUSH')
  end
end

for _, session in ipairs(redis.call('ZRANGEBYSCORE', key('leases'), '-inf', now, 'LIMIT', 0, 20)) do
  local held = redis.call('HGETALL', key('held', session))
  for i = 1, #held, 2 do
    take_back(session, held[i], held[i + 1])
  end
  redis.call('DEL', key('held', session))
  redis.call('ZREM', key('leases'), session)
end

wake_paused()

-- Batches whose records somebody removed no longer count as unfinished.
local gone = false
for _, batch in ipairs(redis.call('ZRANGE', key('open'), 0, 199)) do
  if redis.call('EXISTS', key('batch', batch)) == 0 then
    redis.call('ZREM', key('open'), batch)
    redis.call('ZREM', key('opening'), batch)
    gone = true
  end
end
if gone then
  local unfinished = 0
  for _, batch in ipairs(redis.call('ZRANGE', key('open'), 0, -1)) do
    local header = redis.call('HMGET', key('batch', batch), 'total', 'finished')
    unfinished = unfinished + number(header[1]) - number(header[2])
  end
  redis.call('HSET', key('counters'), 'unfinished', unfinished)
end

-- Hosts: those that take work, and what all of them together have.
local hosts = live_hosts()
local has, slots = {}, {}
for _, host in ipairs(hosts) do
  local fields = redis.call('HMGET', key('host', host), 'slots', 'pools')
  for pool in (fields[2] or ''):gmatch('%S+') do
    slots['execute.' .. pool] = (slots['execute.' .. pool] or 0) + number(fields[1])
  end
  for _, token in ipairs(redis.call('SMEMBERS', key('host', host, 'has'))) do
    has[token] = true
  end
end
for _, host in ipairs(redis.call('ZRANGEBYSCORE', key('hosts'), '-inf', now - 86400000)) do
  redis.call('ZREM', key('hosts'), host)
  redis.call('DEL', key('host', host), key('host', host, 'has'), key('host', host, 'workers'))
end

-- Lanes that no live host can serve end after a while, with what is missing.
local function missing(lane)
  local names = {}
  for token in lane:gmatch('%S+') do
    if not has['*'] and not has[token] and not token:match('^avoid:') then
      table.insert(names, token)
    end
  end
  return table.concat(names, ' ')
end

local unservable, looks = {}, 200
local function look_at_lanes(queue, priority)
  for _, owner in ipairs(redis.call('ZRANGE', key('owners', queue, priority), 0, looks)) do
    for _, batch in ipairs(redis.call('ZRANGE', key('batches', queue, priority, owner), 0, looks)) do
      for _, lane in ipairs(redis.call('ZRANGE', key('lanes', queue, priority, batch), 0, looks)) do
        looks = looks - 1
        local what = missing(lane)
        local name = batch .. ' ' .. priority .. ' ' .. lane
        if what ~= '' then
          redis.call('HSETNX', key('unservable'), name, now)
          if now - number(redis.call('HGET', key('unservable'), name), now) >= tonumber(ARGV[6]) then
            table.insert(unservable, { queue = queue, priority = priority, owner = owner, batch = batch, lane = lane,
              missing = what })
          end
        end
        if looks <= 0 then
          return
        end
      end
    end
  end
end

local queues = {}
for _, queue in ipairs(redis.call('SMEMBERS', key('queues'))) do
  local waiting = number(redis.call('HGET', key('queue', queue), 'waiting'))
  redis.call('HSET', key('queue', queue), 'slots', slots[queue] or 0)
  local messages = redis.call('LLEN', queue == 'execute.default' and 'execute' or queue)
  table.insert(queues, { name = queue, waiting = waiting, slots = slots[queue] or 0, messages = messages })
  if waiting > 0 and queue ~= 'validate' and #hosts > 0 then
    for _, priority in ipairs(redis.call('ZRANGE', key('classes', queue), 0, -1)) do
      look_at_lanes(queue, priority)
    end
  end
end
if #unservable == 0 and looks == 200 then
  redis.call('DEL', key('unservable'))
end

return cjson.encode({
  recovered = recovered,
  lost = lost,
  queues = queues,
  ended = redis.call('ZCOUNT', key('ended'), '-inf', now - 1000),
  finalize_messages = redis.call('LLEN', 'finalize'),
  abandoned = redis.call('ZRANGEBYSCORE', key('opening'), '-inf', now, 'LIMIT', 0, 10),
  unservable = unservable,
})
