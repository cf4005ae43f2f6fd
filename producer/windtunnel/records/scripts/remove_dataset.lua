-- Forget a version of a dataset, or the whole dataset. The name then stands for the newest version that is left.
-- ARGV: name, number ('' for all)
-- Returns how many versions are left.
local at = key('dataset', ARGV[1])
if ARGV[2] == '' then
  redis.call('DEL', at)
else
  redis.call('HDEL', at, ARGV[2])
end
local newest = 0
local left = redis.call('HKEYS', at)
for _, one in ipairs(left) do
  newest = math.max(newest, number(one))
end
if newest == 0 then
  redis.call('HDEL', key('datasets'), ARGV[1])
else
  local sha256 = redis.call('HGET', at, newest):match('^%S+')
  redis.call('HSET', key('datasets'), ARGV[1], newest .. ' ' .. sha256)
end
return #left
