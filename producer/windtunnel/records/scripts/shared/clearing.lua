-- Take up to `most` jobs out of a batch's lanes in one class of a queue, whatever they need, and end each: as cancelled,
-- or with their batch where that is gone. Returns how many.
local function clear(queue, priority, owner, batch, most, by)
  local taken = 0
  for _, lane in ipairs(redis.call('ZRANGE', key('lanes', queue, priority, batch), 0, most - 1)) do
    local indices = redis.call('LPOP', key('lane', queue, priority, batch, lane), math.max(1, most - taken)) or {}
    add(key('queue', queue), 'waiting', 0 - #indices)
    taken = taken + #indices
    for _, index in ipairs(indices) do
      local id = batch .. '-' .. index
      local state = read(key('job', id), 'state')[1]
      if by and state ~= 'queued' and state ~= 'ready' then
        find(id)
      elseif by and goes_on(id, by) then
        redis.call('RPUSH', key('lane', queue, priority, batch, lane), index)
        add(key('queue', queue), 'waiting', 1)
      elseif by then
        note(key('job', id), 'cancelled', by)
        ended(id, 'cancelled', cancelled_message(by))
      else
        discard(id)
      end
    end
    tidy(queue, priority, owner, batch, lane)
    if taken >= most then
      break
    end
  end
  return taken
end

-- Take up to `most` jobs of a batch out of all queues, and end each as `clear` does. Returns how many.
local function clear_batch(batch, most, by)
  local taken = 0
  for _, queue in ipairs(redis.call('SMEMBERS', key('queues'))) do
    for _, priority in ipairs(redis.call('ZRANGE', key('classes', queue), 0, -1)) do
      for _, owner in ipairs(redis.call('ZRANGE', key('owners', queue, priority), 0, -1)) do
        if taken < most and redis.call('ZSCORE', key('batches', queue, priority, owner), batch) then
          taken = taken + clear(queue, priority, owner, batch, most - taken, by)
        end
      end
    end
  end
  return taken
end
