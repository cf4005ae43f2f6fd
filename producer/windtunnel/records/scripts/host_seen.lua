-- A host says that it is there, what it has and how many slots; the slots of all live hosts are added up by queue.
-- ARGV: host, slots, versions, pools (separated by spaces), then what it has
-- Returns 1.
local host = ARGV[1]
local at, has = key('host', host), key('host', host, 'has')
redis.call('HSET', at, 'slots', ARGV[2], 'versions', ARGV[3], 'pools', ARGV[4])
redis.call('ZADD', key('hosts'), now, host)
redis.call('DEL', has)
for i = 5, #ARGV, 5000 do
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
end
return 1
