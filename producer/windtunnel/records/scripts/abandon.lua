-- End jobs that their producer never wrote, because it went away.
-- ARGV: batch id, message, most
-- Returns how many are left; 0 also when the producer came back.
local batch, header = ARGV[1], header_of(ARGV[1])
local deadline = redis.call('ZSCORE', key('opening'), batch)
if not header or not deadline then
  redis.call('ZREM', key('opening'), batch)
  return 0
end
if tonumber(deadline) > now then
  return 0
end
local last = math.min(header.total, header.written + tonumber(ARGV[3]))
for index = header.written, last - 1 do
  local id = batch .. '-' .. index
  redis.call('HSET', key('job', id), 'history', string.format('%.0f abandoned reconciler\n', now))
  if header.cancelled then
    note(key('job', id), 'cancelled', header.cancelled)
    ended(id, 'cancelled', cancelled_message(header.cancelled))
  else
    ended(id, 'lost', ARGV[2])
  end
end
redis.call('HSET', key('batch', batch), 'written', last)
if last == header.total then
  redis.call('ZREM', key('opening'), batch)
end
return header.total - last
