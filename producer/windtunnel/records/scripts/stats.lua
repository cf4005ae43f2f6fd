-- What the whole queue holds.
-- ARGV: most lanes looked at
-- Returns JSON: waiting by queue, running, by owner and priority, ending, following, unfinished, the oldest, outcomes.
local looks = tonumber(ARGV[1])
local queues, waiting, running = {}, {}, 0

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
for _, jobs in ipairs(redis.call('HVALS', key('running'))) do
  running = running + number(jobs)
end
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
  ending = redis.call('ZCARD', key('ended')),
  following = number(redis.call('HGET', key('counters'), 'following')),
  unfinished = number(redis.call('HGET', key('counters'), 'unfinished')),
  oldest_ms = oldest[2] and now - tonumber(oldest[2]) or -1,
  outcomes = outcomes,
})
