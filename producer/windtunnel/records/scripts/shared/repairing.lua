-- Counts the schedule anew and puts it together again where somebody removed or damaged a part of it.
local LANES_COUNTED = 500

-- The members of a part of the schedule. Where it has none, what leads to it is forgotten.
local function members(at, queue, priority, owner, batch)
  local found = redis.call('ZRANGE', at, 0, LANES_COUNTED)
  if #found == 0 then
    tidy(queue, priority, owner or '', batch or '', '')
  end
  return ipairs(found)
end

-- The jobs that wait in a queue, counted anew where that takes little.
local function waiting_in(queue)
  local waiting, lanes = 0, 0
  for _, priority in ipairs(redis.call('ZRANGE', key('classes', queue), 0, -1)) do
    for _, owner in members(key('owners', queue, priority), queue, priority) do
      for _, batch in members(key('batches', queue, priority, owner), queue, priority, owner) do
        for _, lane in members(key('lanes', queue, priority, batch), queue, priority, owner, batch) do
          waiting, lanes = waiting + redis.call('LLEN', key('lane', queue, priority, batch, lane)), lanes + 1
        end
        if lanes > LANES_COUNTED then
          return number(redis.call('HGET', key('queue', queue), 'waiting'))
        end
      end
    end
  end
  redis.call('HSET', key('queue', queue), 'waiting', waiting)
  return waiting
end

-- The jobs that follow another one, counted anew where that takes little.
local function following()
  local digests, jobs = redis.call('ZRANGE', key('following'), 0, LANES_COUNTED), 0
  if #digests > LANES_COUNTED then
    return number(redis.call('HGET', key('counters'), 'following'))
  end
  for _, digest in ipairs(digests) do
    jobs = jobs + redis.call('ZCARD', key('followers', digest))
  end
  redis.call('HSET', key('counters'), 'following', jobs)
  return jobs
end

-- The batches of jobs that wait, run, pause, follow or have their end.
local function under_way()
  local found = {}
  local function add_those_of(ids)
    for _, id in ipairs(ids) do
      found[batch_of(id) or ''] = true
    end
  end
  add_those_of(redis.call('ZRANGE', key('ended'), 0, -1))
  add_those_of(redis.call('ZRANGE', key('later'), 0, -1))
  for _, session in ipairs(redis.call('ZRANGE', key('leases'), 0, -1)) do
    add_those_of(redis.call('HKEYS', key('held', session)))
  end
  for _, digest in ipairs(redis.call('ZRANGE', key('following'), 0, -1)) do
    add_those_of(redis.call('ZRANGE', key('followers', digest), 0, -1))
  end
  for _, queue in ipairs(redis.call('SMEMBERS', key('queues'))) do
    for _, priority in ipairs(redis.call('ZRANGE', key('classes', queue), 0, -1)) do
      for _, owner in ipairs(redis.call('ZRANGE', key('owners', queue, priority), 0, -1)) do
        for _, batch in ipairs(redis.call('ZRANGE', key('batches', queue, priority, owner), 0, -1)) do
          found[batch] = true
        end
      end
    end
  end
  return found
end

-- A batch is unfinished and none of its jobs is under way: somebody removed a part of the schedule. Finished jobs may have
-- expired, so that of jobs without a record only as many end as the count of reports leaves.
local function place_all_again(batch, header)
  local gone, expired, placed = {}, header.finished, 0
  for index = 0, header.total - 1 do
    local id = batch .. '-' .. index
    if redis.call('EXISTS', key('job', id)) == 0 then
      table.insert(gone, id)
    elseif place_again(id) then
      placed = placed + 1
    else
      expired = expired - 1
    end
    if placed == 1000 then
      return -- the others when these are finished
    end
  end
  for at = 1, #gone - math.max(0, expired) do
    damaged(gone[at])
  end
end

-- Jobs that sessions hold: as far as owners' counts tell, or all of them, which takes longer.
local function held_jobs(all)
  local jobs = 0
  if not all then
    for _, running in ipairs(redis.call('HVALS', key('running'))) do
      jobs = jobs + number(running)
    end
    return jobs
  end
  for _, session in ipairs(redis.call('ZRANGE', key('leases'), 0, -1)) do
    jobs = jobs + redis.call('HLEN', key('held', session))
  end
  return jobs
end

-- Every unfinished job waits, pauses, follows another one, is held or has its end. Where those are fewer, some are nowhere.
local function look_for_lost(waiting)
  local missing = number(redis.call('HGET', key('counters'), 'unfinished')) - waiting
    - redis.call('ZCARD', key('ended')) - redis.call('ZCARD', key('later')) - following()
  for _, batch in ipairs(redis.call('ZRANGE', key('opening'), 0, -1)) do
    local header = header_of(batch)
    missing = missing - (header and header.total - header.written or 0)
  end
  if missing <= held_jobs(false) or missing <= held_jobs(true) then
    return
  end
  local batches = under_way()
  for _, batch in ipairs(redis.call('ZRANGE', key('open'), 0, -1)) do
    local header = header_of(batch)
    if header and not batches[batch] and header.written >= header.total then
      place_all_again(batch, header)
    end
  end
end
