-- Reserve the idempotency key and write a batch's header, both or none.
-- KEYS: batch, batches, open, idempotency (absent for none)
-- ARGV: batch id, name, total, digest, bound of unfinished jobs, retention s, batches listed
-- Returns {'created', id} | {'existing', id} | {'conflict', id} | {'full', unfinished}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local id, name, total, digest, retention = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[6])

if KEYS[4] then
  local taken = redis.call('GET', KEYS[4])
  if taken then
    local existing, of = taken:match('^(%S+) (%S+)$')
    return { of == digest and 'existing' or 'conflict', existing }
  end
end
local unfinished = redis.call('ZCARD', KEYS[3])
if unfinished + total > tonumber(ARGV[5]) then
  return { 'full', tostring(unfinished) }
end
if KEYS[4] then
  redis.call('SET', KEYS[4], id .. ' ' .. digest, 'EX', retention)
end
redis.call('HSET', KEYS[1], 'name', name, 'total', total, 'finished', 0, 'submitted_at', now)
redis.call('EXPIRE', KEYS[1], retention)
redis.call('ZADD', KEYS[2], now, id)
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - tonumber(ARGV[7]))
return { 'created', id }
