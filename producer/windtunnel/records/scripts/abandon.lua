-- End jobs that their producer never wrote, because it went away.
-- ARGV: batch id, message, most
-- Returns how many are left.
local batch = ARGV[1]
local header = redis.call('HMGET', key('batch', batch), 'written', 'total')
if not header[1] then
  redis.call('ZREM', key('opening'), batch)
  return 0
end
local written, total = tonumber(header[1]), tonumber(header[2])
local last = math.min(total, written + tonumber(ARGV[3]))
for index = written, last - 1 do
  local id = batch .. '-' .. index
  redis.call('HSET', key('job', id), 'history', string.format('%.0f abandoned reconciler\n', now))
  ended(id, 'lost', ARGV[2])
end
redis.call('HSET', key('batch', batch), 'written', last)
if last == total then
  redis.call('ZREM', key('opening'), batch)
end
return total - last
