-- What the whole queue holds.
-- ARGV: most lanes looked at, most owners
-- Returns JSON: waiting by queue, running, by owner and priority, what owners use, ending, following, unfinished, the
-- oldest, outcomes.
local looks = tonumber(ARGV[1])
local queues, waiting, running, owners = {}, {}, 0, {}

local function waiting_of(queue, priority, owner)
  local jobs = 0
  for _, batch in ipairs(redis.call('ZRANGE', key('batches', queue, priority, owner), 0, looks)) do
    for _, lane in ipairs(redis.call('ZRANGE', key('lanes', queue, priority, batch), 0, looks)) do
      jobs = jobs + redis.call('LLEN', key('lane', queue, priority, batch, lane))
      looks = looks - 1
    end
    if looks <= 0 then
      break
    end
  end
  return jobs
end

for _, queue in ipairs(redis.call('SMEMBERS', key('queues'))) do
  queues[queue] = number(redis.call('HGET', key('queue', queue), 'waiting'))
  for _, priority in ipairs(redis.call('ZRANGE', key('classes', queue), 0, -1)) do
    for _, owner in ipairs(redis.call('ZRANGE', key('owners', queue, priority), 0, looks)) do
      if looks > 0 then
        table.insert(waiting, { owner, tonumber(priority), waiting_of(queue, priority, owner) })
      end
    end
  end
end
for place, of in ipairs({ 'running', 'seconds' }) do
  local found = redis.call('HGETALL', key(of))
  for i = 1, #found, 2 do
    local one = owners[found[i]] or { found[i], 0, 0 }
    one[place + 1] = number(found[i + 1])
    owners[found[i]] = one
  end
end
local using = {}
for _, one in pairs(owners) do
  running = running + one[2]
  if one[2] > 0 or one[3] > 0 then
    table.insert(using, one)
  end
end
table.sort(using, function(a, b)
  if a[3] == b[3] then
    return a[1] < b[1]
  end
  return a[3] > b[3]
end)
local outcomes, counters = {}, redis.call('HGETALL', key('counters'))
for i = 1, #counters, 2 do
  local outcome = counters[i]:match('^outcome:(.*)$')
  if outcome then
    outcomes[outcome] = number(counters[i + 1])
  end
end
local oldest = redis.call('ZRANGE', key('open'), 0, 0, 'WITHSCORES')
return cjson.encode({
  queues = queues,
  waiting = waiting,
  running = running,
  owners = { unpack(using, 1, math.min(#using, tonumber(ARGV[2]))) },
  ending = redis.call('ZCARD', key('ended')),
  following = number(redis.call('HGET', key('counters'), 'following')),
  unfinished = number(redis.call('HGET', key('counters'), 'unfinished')),
  oldest_ms = oldest[2] and now - tonumber(oldest[2]) or -1,
  outcomes = outcomes,
})
