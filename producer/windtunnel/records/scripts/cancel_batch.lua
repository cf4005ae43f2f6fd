-- Nothing of this batch is claimed from now on: its lanes are dropped. Its jobs are ended by `cancel`, part by part.
-- ARGV: batch id, who
-- Returns the number of jobs written, or -1 when there is no such batch.
local batch = ARGV[1]
local at = key('batch', batch)
local header = redis.call('HMGET', at, 'written', 'owner', 'finished', 'total')
if not header[1] then
  return -1
end
if header[3] == header[4] then
  return 0
end
redis.call('HSET', at, 'cancelled', ARGV[2])
for _, queue in ipairs(redis.call('SMEMBERS', key('queues'))) do
  for priority = 0, 9 do
    for _, lane in ipairs(redis.call('ZRANGE', key('lanes', queue, priority, batch), 0, -1)) do
      local list = key('lane', queue, priority, batch, lane)
      redis.call('HINCRBY', key('queue', queue), 'waiting', -redis.call('LLEN', list))
      redis.call('DEL', list)
      tidy(queue, priority, header[2], batch, lane)
    end
  end
end
return tonumber(header[1])
