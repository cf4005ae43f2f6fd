-- Shared by every script: it is put in front of each. KEYS[1] is the prefix of all keys; `keyspace.py` describes them.
local P = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local HISTORY_BYTES = 4096
local DEFAULT_ESTIMATE_S = 0.1

local function key(...)
  return P .. ':' .. table.concat({ ... }, ':')
end

local function number(value, default)
  return tonumber(value) or default or 0
end

-- Stage queues ------------------------------------------------------------------------------------

local function batch_of(id)
  return id:match('^(.*)%-%d+$')
end

local function index_of(id)
  return tonumber(id:match('(%d+)$'))
end

local function queue_of(state, pool)
  return state == 'queued' and 'validate' or 'execute.' .. pool
end

-- `place` is where a job waits: '<priority> <pool> <what its host must have, separated by spaces>'.
local function place_of(text)
  local priority, pool, needs = text:match('^(%d) (%S+) (.*)$')
  return priority, pool, needs
end

-- History: one line a transition, '<ms> <what> <who>[ <detail>]'.
local function note(job, what, who, detail)
  local before = redis.call('HGET', job, 'history') or ''
  if #before > HISTORY_BYTES then
    local first = before:find('\n', 1, true)
    local tail = before:sub(-HISTORY_BYTES / 2)
    before = before:sub(1, first) .. tail:sub(tail:find('\n', 1, true) + 1)
  end
  local line = string.format('%.0f %s %s', now, what, who)
  if detail then
    line = line .. ' ' .. detail
  end
  redis.call('HSET', job, 'history', before .. line .. '\n')
end

-- The schedule: start-time fair queuing. Owners of a priority class are ordered by virtual time, the slot-seconds they
-- were charged divided by their weight; an owner's batches likewise; a batch's jobs wait in lanes, one for each set of
-- things that their host must have.
-- Source: Goyal, Vin, Cheng, "Start-time Fair Queueing", SIGCOMM 1996.

local function times_key(queue, priority)
  return key('times', queue, priority)
end

-- Give a newly active owner or batch its start tag: never below what is being served now, so that nobody saves up time.
local function activate(members, times, member, field, floor_field)
  if redis.call('ZSCORE', members, member) then
    return
  end
  local tag = number(redis.call('HGET', times, field))
  local floor = number(redis.call('HGET', times, floor_field))
  if tag < floor then
    tag = floor
    redis.call('HSET', times, field, tag)
  end
  redis.call('ZADD', members, tag, member)
end

local function charge(queue, priority, owner, batch, seconds)
  local times = times_key(queue, priority)
  local weight = number(redis.call('HGET', key('weights'), owner), 1)
  local tag = redis.call('HINCRBYFLOAT', times, 'owner ' .. owner, seconds / weight)
  redis.call('ZADD', key('owners', queue, priority), 'XX', tag, owner)
  tag = redis.call('HINCRBYFLOAT', times, 'batch ' .. batch, seconds)
  redis.call('ZADD', key('batches', queue, priority, owner), 'XX', tag, batch)
end

-- Put jobs of one batch into a lane. `side` is 'RPUSH', or 'LPUSH' for jobs that were given back.
local function enqueue(queue, priority, owner, batch, lane, indices, side)
  local times = times_key(queue, priority)
  redis.call(side, key('lane', queue, priority, batch, lane), unpack(indices))
  redis.call('ZADD', key('lanes', queue, priority, batch), 'NX', indices[1], lane)
  activate(key('batches', queue, priority, owner), times, batch, 'batch ' .. batch, 'floor ' .. owner)
  activate(key('owners', queue, priority), times, owner, 'owner ' .. owner, 'floor')
  redis.call('ZADD', key('classes', queue), priority, priority)
  redis.call('HINCRBY', key('queue', queue), 'waiting', #indices)
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
  end
end

-- Programs are stored once and kept for as long as an unfinished job uses them.
local function use_program(program, jobs)
  local sha = program:match('^[^:]*')
  if redis.call('HINCRBY', key('uses'), sha, jobs) <= 0 then
    redis.call('HDEL', key('uses'), sha)
    return sha
  end
  redis.call('PERSIST', key('code', sha))
end

-- Which lane of its queue a job waits in.
local function lane_of(job, state, needs)
  if state == 'queued' then
    return redis.call('HGET', job, 'program')
  end
  local avoid = redis.call('HGET', job, 'avoid')
  return avoid and needs .. ' avoid:' .. avoid or needs
end

-- Put one job back where it waits, in front or behind.
local function wait_again(id, state, side)
  local job, batch = key('job', id), batch_of(id)
  local fields = redis.call('HMGET', job, 'place', 'program')
  local priority, pool, needs = place_of(fields[1])
  local owner = redis.call('HGET', key('batch', batch), 'owner')
  local lane = lane_of(job, state, needs)
  enqueue(queue_of(state, pool), priority, owner, batch, lane, { index_of(id) }, side)
end

-- A job that has its end, and waits for its report.
local function ended(id, outcome, message)
  local job = key('job', id)
  redis.call('HSET', job, 'state', 'ended', 'outcome', outcome)
  if message then
    redis.call('HSET', job, 'message', message)
  end
  redis.call('ZADD', key('ended'), now, id)
end

-- The record is gone, whoever removed it: its batch still needs a report for it.
local function removed(id)
  ended(id, 'lost', 'The record of this job was removed before it ran.')
end

-- Jobs whose pause is over wait again.
local function wake_paused()
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('later'), '-inf', now, 'LIMIT', 0, 100)) do
    redis.call('ZREM', key('later'), id)
    local state = redis.call('HGET', key('job', id), 'state')
    if state == 'queued' or state == 'ready' then
      wait_again(id, state, 'LPUSH')
    elseif not state then
      removed(id)
    end
  end
end

-- Take a waiting job out of its lane or its pause. Returns true if it was there.
local function withdraw(id)
  local job, batch = key('job', id), batch_of(id)
  if redis.call('ZREM', key('later'), id) == 1 then
    return true
  end
  local fields = redis.call('HMGET', job, 'state', 'place')
  local priority, pool, needs = place_of(fields[2])
  local queue, lane = queue_of(fields[1], pool), lane_of(job, fields[1], needs)
  if redis.call('LREM', key('lane', queue, priority, batch, lane), 1, index_of(id)) == 0 then
    return false
  end
  redis.call('HINCRBY', key('queue', queue), 'waiting', -1)
  tidy(queue, priority, redis.call('HGET', key('batch', batch), 'owner'), batch, lane)
  return true
end

-- Ends ---------------------------------------------------------------------------------------------

-- True when somebody must be woken to write reports: nobody was within the last second.
local function wake_finalize()
  return redis.call('SET', key('waking'), 1, 'NX', 'PX', 1000) and 1 or 0
end

-- A slot lets go of a job: it no longer counts as running. Returns the estimate that was charged for it.
local function let_go(session, id, owner, batch)
  local held = redis.call('HGET', key('held', session), id)
  redis.call('HDEL', key('held', session), id)
  if redis.call('HINCRBY', key('running'), owner, -1) <= 0 then
    redis.call('HDEL', key('running'), owner)
  end
  redis.call('HINCRBY', key('batch', batch), 'running', -1)
  return held and tonumber(held:match(' (%S+)$')) or 0
end

-- A session gives a job back that it has not begun. Returns false when it is not this session's any more.
local function untouched(session, id, token)
  local job, batch = key('job', id), batch_of(id)
  local fields = redis.call('HMGET', job, 'state', 'token')
  local running = fields[1] == 'running'
  if fields[2] ~= token or not (running or fields[1] == 'queued') then
    redis.call('HDEL', key('held', session), id)
    return false
  end
  redis.call('HDEL', job, 'token', 'begun')
  if running then
    let_go(session, id, redis.call('HGET', key('batch', batch), 'owner'), batch)
    redis.call('HINCRBY', job, 'attempt', -1)
    redis.call('HSET', job, 'state', 'ready')
  else
    redis.call('HDEL', key('held', session), id)
  end
  wait_again(id, running and 'ready' or 'queued', 'LPUSH')
  return true
end

local function host_of(session)
  return session:match('^[^:]*')
end

-- Hosts that were seen within the last seconds and take work.
local function live_hosts()
  return redis.call('ZRANGEBYSCORE', key('hosts'), now - 15000, '+inf')
end
