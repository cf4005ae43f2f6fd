-- End the jobs of a lane that no host can serve.
-- ARGV: queue, priority, owner, batch, lane, message, most
-- Returns how many ended.
local queue, priority, owner, batch, lane = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local indices = redis.call('LPOP', key('lane', queue, priority, batch, lane), tonumber(ARGV[7])) or {}
redis.call('HINCRBY', key('queue', queue), 'waiting', -#indices)
for _, index in ipairs(indices) do
  local id = batch .. '-' .. index
  note(key('job', id), 'unservable', 'reconciler')
  redis.call('HINCRBY', key('job', id), 'attempt', 1)
  ended(id, 'infrastructure_error', ARGV[6])
end
tidy(queue, priority, owner, batch, lane)
redis.call('HDEL', key('unservable'), batch .. ' ' .. priority .. ' ' .. lane)
return #indices
