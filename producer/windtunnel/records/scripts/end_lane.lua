-- End the jobs of a lane that no host can serve.
-- ARGV: queue, priority, owner, batch, lane, message, most
-- Returns how many ended.
local queue, priority, owner, batch, lane = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local indices = redis.call('LPOP', key('lane', queue, priority, batch, lane), tonumber(ARGV[7])) or {}
add(key('queue', queue), 'waiting', 0 - #indices)
for _, index in ipairs(indices) do
  local id = batch .. '-' .. index
  local job = key('job', id)
  local fields = read(job, 'state', 'attempt')
  if fields[1] == 'ready' and header_of(batch) then
    note(job, 'unservable', 'reconciler')
    redis.call('HSET', job, 'attempt', count_of(fields[2]) + 1)
    ended(id, 'infrastructure_error', ARGV[6])
  else
    find(id)
  end
end
tidy(queue, priority, owner, batch, lane)
return #indices
