-- A worker of a host says that it is there, what the host has and how many slots the worker is. The slots of a host's
-- workers, and of all live hosts by queue, are added up.
-- ARGV: host, worker, slots, versions, pools (separated by spaces), then what the host has
-- Returns 1.
local host, worker = ARGV[1], ARGV[2]
local at, has, workers = key('host', host), key('host', host, 'has'), key('host', host, 'workers')
redis.call('ZADD', workers, now, worker)
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', workers, '-inf', now - 15000)) do
  redis.call('ZREM', workers, gone)
  redis.call('HDEL', at, 'slots ' .. gone)
end
redis.call('HSET', at, 'slots ' .. worker, ARGV[3], 'versions', ARGV[4], 'pools', ARGV[5])
local together = 0
for _, one in ipairs(redis.call('ZRANGE', workers, 0, -1)) do
  together = together + number(redis.call('HGET', at, 'slots ' .. one))
end
redis.call('HSET', at, 'slots', together)
redis.call('ZADD', key('hosts'), now, host)
redis.call('DEL', has)
for i = 6, #ARGV, 5000 do
  redis.call('SADD', has, unpack(ARGV, i, math.min(i + 4999, #ARGV)))
end
local slots = {}
for _, one in ipairs(live_hosts()) do
  local fields = redis.call('HMGET', key('host', one), 'slots', 'pools')
  for pool in (fields[2] or ''):gmatch('%S+') do
    slots[pool] = (slots[pool] or 0) + number(fields[1])
  end
end
for pool, count in pairs(slots) do
  redis.call('HSET', key('queue', 'execute.' .. pool), 'slots', count)
  redis.call('SADD', key('queues'), 'execute.' .. pool) -- or nobody would forget it
end
return 1
