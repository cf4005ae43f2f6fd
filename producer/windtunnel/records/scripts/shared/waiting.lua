-- Put one job back where it waits, in front or behind.
local function wait_again(id, state, side)
  local batch = batch_of(id)
  local fields = read(key('job', id), 'place', 'program', 'avoid')
  local header, priority, pool, needs = header_of(batch), place_of(fields[1])
  if not header then
    discard(id)
  elseif not priority or not fields[2] then
    damaged(id)
  else
    local lane = lane_of(state, fields[2], needs, fields[3])
    enqueue(queue_of(state, pool), priority, header.owner, batch, lane, { index_of(id) }, side)
  end
end

-- Take a waiting job out of its lane or its pause, if it is there.
local function withdraw(id)
  local batch = batch_of(id)
  if redis.call('ZREM', key('later'), id) == 1 then
    return
  end
  local fields = read(key('job', id), 'state', 'place', 'program', 'avoid', 'follows')
  if fields[5] and stop_following(id, fields[5]) then
    return
  end
  local priority, pool, needs = place_of(fields[2])
  local header = header_of(batch)
  if not priority or not fields[3] or not header then
    return
  end
  local queue, lane = queue_of(fields[1], pool), lane_of(fields[1], fields[3], needs, fields[4])
  if redis.call('LREM', key('lane', queue, priority, batch, lane), 1, index_of(id)) == 1 then
    add(key('queue', queue), 'waiting', -1)
    tidy(queue, priority, header.owner, batch, lane)
  end
end
