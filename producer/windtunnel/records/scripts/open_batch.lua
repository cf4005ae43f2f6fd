-- Reserve the idempotency key and write a batch's header, both or none.
-- ARGV: batch id, name, owner, isolation, total, digest, limit of unfinished jobs, batches listed,
--       ms until a silent producer counts as gone, most running jobs ('' for any), idempotency key ('' for none),
--       budget ('' for none), webhook ('' for none)
-- Returns {'created', id, 0} | {'existing', id, jobs written} | {'conflict', id} | {'full', unfinished}
local id, total, digest = ARGV[1], tonumber(ARGV[5]), ARGV[6]
local reserved = ARGV[11] ~= '' and key('idempotency', ARGV[11])
if reserved then
  local taken = redis.call('GET', reserved)
  if taken then
    local existing, of = taken:match('^(%S*) ?(%S*)')
    local header = header_of(existing)
    if header and of ~= digest then
      return { 'conflict', existing }
    elseif header then
      if redis.call('ZSCORE', key('opening'), existing) then
        redis.call('ZADD', key('opening'), now + tonumber(ARGV[9]), existing)
      end
      return { 'existing', existing, header.written }
    end
  end
end
if redis.call('EXISTS', key('batch', id)) == 1 then
  return { 'created', id, number(redis.call('HGET', key('batch', id), 'written')) } -- the same call, sent again
end
local unfinished = number(redis.call('HGET', key('counters'), 'unfinished'))
if unfinished + total > tonumber(ARGV[7]) then
  return { 'full', unfinished }
end
if reserved then
  redis.call('SET', reserved, id .. ' ' .. digest) -- its lifetime begins when the batch is finished
  redis.call('HSET', key('batch', id), 'key', ARGV[11])
end
redis.call('HSET', key('batch', id), 'name', ARGV[2], 'owner', ARGV[3], 'isolation', ARGV[4], 'total', total,
  'written', 0, 'finished', 0, 'submitted_at', now, 'since', now)
if ARGV[12] ~= '' then
  redis.call('HSET', key('batch', id), 'budget', ARGV[12])
end
if ARGV[10] ~= '' then
  redis.call('HSET', key('batch', id), 'max_running', ARGV[10])
end
if ARGV[13] ~= '' then
  redis.call('HSET', key('batch', id), 'webhook', ARGV[13])
end
redis.call('ZADD', key('batch-list'), now, id)
redis.call('ZREMRANGEBYRANK', key('batch-list'), 0, -1 - tonumber(ARGV[8]))
redis.call('ZADD', key('open'), now, id)
redis.call('ZADD', key('opening'), now + tonumber(ARGV[9]), id)
add(key('counters'), 'unfinished', total)
return { 'created', id, 0 }
