-- Hand a finalizer jobs that wait for their report; they stay its own for a while.
-- ARGV: most, lease ms, attempts kept
-- Returns the time, for each: id, fields of the record as a flat list, earlier attempts, and how many were none
local answers, taken, none = {}, {}, 0

local function take(id)
  table.insert(taken, now + tonumber(ARGV[2]))
  table.insert(taken, id)
  local record = read(key('job', id), 'state', 'spec', 'program', 'policy', 'attempt', 'outcome', 'message', 'execution',
    'history', 'token', 'cached_from')
  for i = 1, 11 do
    record[i] = record[i] or ''
  end
  table.insert(answers, { id, record, redis.call('LRANGE', key('job', id, 'attempts'), -tonumber(ARGV[3]), -1) })
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('ended'), '-inf', now, 'LIMIT', 0, tonumber(ARGV[1]))) do
  if header_for(id) then
    take(id)
  else
    discard(id)
    none = none + 1
  end
end
if #answers == 0 then
  redis.call('DEL', key('waking'))
else
  redis.call('ZADD', key('ended'), unpack(taken))
  redis.call('SET', key('waking'), 1, 'PX', 2000)
end
return { now, answers, none }
