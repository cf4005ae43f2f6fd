-- `held` of a job that executes is '<token> <estimate charged> <owner>', of one that is judged '<token>'.
-- Whether a session holds a job by the claim with this token, and not by a later one.
local function holds(session, id, token)
  local held = redis.call('HGET', key('held', session), id)
  return held and held:match('^%S+') == token
end

-- A session lets go of a job: it no longer counts as running. Returns the estimate that was charged for it.
local function let_go(session, id)
  local held = redis.call('HGET', key('held', session), id)
  if not held then
    return 0
  end
  redis.call('HDEL', key('held', session), id)
  local estimate, owner = held:match('^%S+ (%S+) (%S+)$')
  if not owner then
    return 0
  end
  if add(key('running'), owner, -1) <= 0 then
    redis.call('HDEL', key('running'), owner)
  end
  local batch = batch_of(id)
  if header_of(batch) then
    add(key('batch', batch), 'running', -1)
  end
  return number(estimate)
end

-- A session that holds nothing has no lease.
local function rest(session)
  if redis.call('EXISTS', key('held', session)) == 0 then
    redis.call('ZREM', key('leases'), session)
  end
end

-- Where a job is: true if it has its end, waits somewhere, or somebody holds it.
local function is_somewhere(id)
  local fields = read(key('job', id), 'state', 'report', 'place', 'program', 'avoid', 'follows')
  if fields[6] and redis.call('ZSCORE', key('followers', fields[6]), id) then
    return true
  elseif redis.call('ZSCORE', key('ended'), id) or redis.call('ZSCORE', key('later'), id) then
    return true
  elseif not STATES[fields[1]] or fields[1] == 'ended' then
    return false
  elseif fields[1] == 'finished' then
    return fields[2] and true or false
  end
  for _, session in ipairs(redis.call('ZRANGE', key('leases'), 0, -1)) do
    if redis.call('HEXISTS', key('held', session), id) == 1 then
      return true
    end
  end
  local priority, pool, needs = place_of(fields[3])
  if not priority or not fields[4] or fields[1] == 'running' then
    return false
  end
  local queue, batch, lane = queue_of(fields[1], pool), batch_of(id), lane_of(fields[1], fields[4], needs, fields[5])
  local header = header_of(batch)
  return header and redis.call('ZSCORE', key('classes', queue), priority)
    and redis.call('ZSCORE', key('owners', queue, priority), header.owner)
    and redis.call('ZSCORE', key('batches', queue, priority, header.owner), batch)
    and redis.call('ZSCORE', key('lanes', queue, priority, batch), lane)
    and redis.call('LPOS', key('lane', queue, priority, batch, lane), index_of(id)) and true or false
end

-- Put a job that is nowhere back to where its record says that it is. Returns false where it has its report.
local function place_again(id)
  local job = key('job', id)
  local fields = read(job, 'state', 'report')
  local state = fields[1]
  if state == 'finished' and fields[2] then
    return false
  elseif state == 'ended' then
    redis.call('ZADD', key('ended'), now, id)
  elseif state == 'queued' or state == 'ready' then
    wait_again(id, state, 'RPUSH')
  elseif state == 'running' then
    note(job, 'recovered', 'records')
    redis.call('HSET', job, 'state', 'ready')
    redis.call('HDEL', job, 'token', 'begun')
    wait_again(id, 'ready', 'LPUSH')
  else
    damaged(id)
  end
  return true
end

-- A job that should have been here, and is not as its record says.
local function find(id)
  if not header_for(id) then
    discard(id)
  elseif not is_somewhere(id) then
    place_again(id)
  end
end

-- Jobs whose pause is over wait again.
local function wake_paused()
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('later'), '-inf', now, 'LIMIT', 0, 100)) do
    redis.call('ZREM', key('later'), id)
    local state = read(key('job', id), 'state')[1]
    if state == 'queued' or state == 'ready' then
      wait_again(id, state, 'LPUSH')
    else
      find(id)
    end
  end
end

-- A session gives a job back that it has not begun, if the job is still its own; perhaps it waits for some ms first.
-- `why` is for the job's history.
local function untouched(session, id, token, pause, why)
  if not holds(session, id, token) then
    return
  end
  local estimate = let_go(session, id)
  local job = key('job', id)
  local fields = read(job, 'state', 'token', 'attempt', 'stop', 'place', 'started')
  local running = fields[1] == 'running'
  if fields[2] ~= token or not (running or fields[1] == 'queued') then
    find(id)
    return
  end
  if why then
    note(job, 'given_back', session, why)
  end
  redis.call('HDEL', job, 'token', 'begun')
  if running then
    redis.call('HSET', job, 'state', 'ready', 'attempt', math.max(0, count_of(fields[3]) - 1))
    local batch, priority, pool = batch_of(id), place_of(fields[5])
    local header = header_of(batch)
    if header and fields[6] and fields[6] == fields[3] then
      redis.call('HDEL', job, 'started')
      add(key('batch', batch), 'begun', -1)
    end
    if header and priority then
      charge('execute.' .. pool, priority, header.owner, batch, 0 - estimate)
    end
  end
  if stopped(id, fields[4]) then
    return
  elseif pause and pause > 0 then
    redis.call('ZADD', key('later'), now + pause, id)
  else
    wait_again(id, running and 'ready' or 'queued', 'LPUSH')
  end
end
