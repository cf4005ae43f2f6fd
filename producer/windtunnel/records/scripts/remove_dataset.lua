-- Forget a version of a dataset, or the whole dataset. The name then stands for the newest version that is left.
-- What it was made from is remembered, so that the trials on it count for what is made from the same.
-- ARGV: name, number ('' for all), digests of what the forgotten versions were made from
-- Returns how many versions are left.
local at = key('dataset', ARGV[1])
local origins = redis.call('HGET', key('origins'), ARGV[1]) or ''
for place = 3, #ARGV do
  if not origins:find(ARGV[place], 1, true) then
    origins = origins .. ARGV[place] .. ' '
  end
end
redis.call('HSET', key('origins'), ARGV[1], origins)
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
