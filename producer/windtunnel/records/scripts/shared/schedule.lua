local function queue_of(state, pool)
  return state == 'queued' and 'validate' or 'execute.' .. pool
end

-- `place` is where a job waits: '<priority> <pool> <what its host must have, separated by spaces>'; nil if it is damaged.
local function place_of(text)
  if not text then
    return
  end
  local priority, pool, needs = text:match('^(%d) (%S+) (.*)$')
  return priority, pool, needs
end

-- The schedule: start-time fair queuing. Owners of a priority class are ordered by virtual time, the slot-seconds they
-- were charged divided by their weight; an owner's batches likewise; a batch's jobs wait in lanes, one for each set of
-- things that their host must have.
-- Source: Goyal, Vin, Cheng, "Start-time Fair Queueing", SIGCOMM 1996.

local function times_key(queue, priority)
  return key('times', queue, priority)
end

-- Where time stands: the start tag of what is being served, as far as what it took is known by now. Where the one that was
-- served last has nothing waiting any more, it is the time that passed until then.
local function time_now(members, times, served_field, floor_field)
  local served, estimate = (redis.call('HGET', times, served_field) or ''):match('^(.*) (%S+)$')
  local tag = served and redis.call('ZSCORE', members, served)
  return tag and tonumber(tag) - number(estimate) or number(redis.call('HGET', times, floor_field))
end

-- Give a newly active owner or batch its start tag: never below what is being served now, so that nobody saves up time.
local function activate(members, times, member, field, suffix)
  if redis.call('ZSCORE', members, member) then
    return
  end
  local tag = number(redis.call('HGET', times, field))
  local floor = time_now(members, times, 'served' .. suffix, 'floor' .. suffix)
  if tag < floor then
    tag = floor
    redis.call('HSET', times, field, tag)
  end
  redis.call('ZADD', members, tag, member)
end

local function charge(queue, priority, owner, batch, seconds)
  local times = times_key(queue, priority)
  if redis.call('EXISTS', key('owners', queue, priority)) == 0 then
    return -- nobody waits who could be ahead or behind
  end
  local weight = math.max(0.001, number(redis.call('HGET', key('weights'), owner), 1))
  local tag = add(times, 'owner ' .. owner, seconds / weight)
  redis.call('ZADD', key('owners', queue, priority), 'XX', tag, owner)
  tag = add(times, 'batch ' .. batch, seconds)
  redis.call('ZADD', key('batches', queue, priority, owner), 'XX', tag, batch)
end

-- Time goes on: it is where whoever is served now stands, and it passes too where all who are served are new, so that
-- those who have waited longer are not overtaken for ever.
local function advance_one(members, member, times, suffix, seconds)
  local passed = number(redis.call('HGET', times, 'floor' .. suffix)) + seconds / math.max(1, redis.call('ZCARD', members))
  redis.call('HSET', times, 'floor' .. suffix, math.max(passed, number(redis.call('ZSCORE', members, member))),
    'served' .. suffix, member .. ' ' .. seconds)
end

local function advance(queue, priority, owner, batch, seconds)
  local times = times_key(queue, priority)
  advance_one(key('owners', queue, priority), owner, times, '', seconds)
  advance_one(key('batches', queue, priority, owner), batch, times, ' ' .. owner, seconds)
end

-- Put jobs of one batch into a lane. `side` is 'RPUSH', or 'LPUSH' for jobs that were given back.
local function enqueue(queue, priority, owner, batch, lane, indices, side)
  local times = times_key(queue, priority)
  redis.call(side, key('lane', queue, priority, batch, lane), unpack(indices))
  redis.call('ZADD', key('lanes', queue, priority, batch), 'NX', indices[1], lane)
  activate(key('batches', queue, priority, owner), times, batch, 'batch ' .. batch, ' ' .. owner)
  activate(key('owners', queue, priority), times, owner, 'owner ' .. owner, '')
  redis.call('ZADD', key('classes', queue), priority, priority)
  add(key('queue', queue), 'waiting', #indices)
  redis.call('SADD', key('queues'), queue)
end

-- Forget a lane that has become empty, and whoever has nothing waiting any more with it.
local function tidy(queue, priority, owner, batch, lane)
  if redis.call('EXISTS', key('lane', queue, priority, batch, lane)) == 1 then
    return
  end
  local lanes = key('lanes', queue, priority, batch)
  redis.call('ZREM', lanes, lane)
  if redis.call('EXISTS', lanes) == 1 then
    return
  end
  local batches = key('batches', queue, priority, owner)
  redis.call('ZREM', batches, batch)
  if redis.call('EXISTS', batches) == 1 then
    return
  end
  redis.call('ZREM', key('owners', queue, priority), owner)
  if redis.call('EXISTS', key('owners', queue, priority)) == 0 then
    redis.call('ZREM', key('classes', queue), priority)
    -- Nobody is left to be ahead of or behind: all start anew, and the times of past owners take no memory.
    redis.call('DEL', times_key(queue, priority))
  end
end

-- Which lane of its queue a job waits in.
local function lane_of(state, program, needs, avoid)
  if state == 'queued' then
    return program
  end
  return avoid and avoid:match('^%S+$') and needs .. ' avoid:' .. avoid or needs
end
