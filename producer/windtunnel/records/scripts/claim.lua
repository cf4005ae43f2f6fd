-- Hand a session the next job, or up to `most` jobs of one batch for a cell: priority classes first, within a class the
-- owner with the least virtual time, within an owner its batches likewise. A cell's batch keeps its turn until it had that
-- much work: the cell took longer to make than most of its jobs run.
-- ARGV: queue, session, random part of the tokens, lease ms, most jobs, ms of work a claim should hold, places looked at,
--       batch whose turn goes on ('' for none), ms of work it had
-- Returns {'none'} | {'draining'} | {'paused', ms} | {'claimed', batch, lane, isolation, id, token, spec, program, policy, …}
local queue, session, random, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[5])
local target_s, looks = tonumber(ARGV[6]) / 1000, tonumber(ARGV[7])
local turn, had_s = ARGV[8], tonumber(ARGV[9]) / 1000
local executing = queue ~= 'validate'
local host = host_of(session)
wake_paused()

-- Whatever this session still holds is from a claim whose answer never reached it.
local unheard = redis.call('HGETALL', key('held', session))
for i = 1, #unheard, 2 do
  untouched(session, unheard[i], unheard[i + 1]:match('^%S+'))
end
rest(session)

if executing then
  local standing = redis.call('HMGET', key('host', host), 'draining', 'paused_until')
  if standing[1] then
    return { 'draining' }
  end
  if number(standing[2]) > now then
    return { 'paused', tonumber(standing[2]) - now }
  end
end

local known = {}
local function has(one, token)
  local name = one .. ' ' .. token
  if known[name] == nil then
    known[name] = redis.call('SISMEMBER', key('host', one, 'has'), token) == 1
  end
  return known[name]
end

local function takes_work_of_queue(one)
  local standing = redis.call('HMGET', key('host', one), 'draining', 'paused_until', 'pools')
  for pool in (standing[3] or ''):gmatch('%S+') do
    if queue == 'execute.' .. pool then
      return not standing[1] and number(standing[2]) <= now
    end
  end
  return false
end

-- True when this host has all that the lane's jobs need. A job that failed on hosts goes to another one if it can.
local function fits(lane)
  if not executing then
    return true
  end
  local avoided = ',' .. (lane:match(' avoid:(%S+)$') or '') .. ','
  local needs = lane:gsub(' avoid:%S+$', '')
  local function serves(one)
    if has(one, '*') then
      return true
    end
    for token in needs:gmatch('%S+') do
      if not has(one, token) then
        return false
      end
    end
    return true
  end
  local function avoids(one)
    return avoided:find(',' .. one .. ',', 1, true)
  end
  if avoids(host) then
    for number_of, other in ipairs(live_hosts()) do
      if not avoids(other) and number_of <= 20 and takes_work_of_queue(other) and serves(other) then
        return false
      end
    end
  end
  return serves(host)
end

-- How many more jobs may run.
local function left_of(running, cap)
  return executing and finite(cap) and finite(cap) - number(running) or math.huge
end

local function left_for(owner)
  return left_of(redis.call('HGET', key('running'), owner), redis.call('HGET', key('caps'), owner))
end

-- The members of a sorted set, the first `most` in their order. They are read in parts: mostly the first one will do.
local function in_order(at, most)
  local part, rank, place = {}, 0, 0
  return function()
    place = place + 1
    if place > #part and rank < most then
      local last = math.min(most, 4 * rank + 4)
      part, place = redis.call('ZRANGE', at, rank, last - 1), 1
      rank = last
    end
    return part[place]
  end
end

local moved_up = false -- a batch left, and those behind it may have been passed over

-- A batch's first lane that this session can serve, and the batch's header.
local function first_lane(priority, owner, batch)
  looks = looks - 1
  local header = header_of(batch)
  local closed_by = header and keep_to_budget(batch, header)
  if not header or closed_for_good(header, closed_by) then
    clear(queue, priority, owner, batch, 1000, closed_by)
    moved_up = moved_up or not redis.call('ZSCORE', key('batches', queue, priority, owner), batch)
  end
  if header and (not closed_by or closed_by:match('^budget jobs ')) and left_of(header.running, header.max_running) > 0 then
    for lane in in_order(key('lanes', queue, priority, batch), looks + 1) do
      looks = looks - 1
      if fits(lane) then
        return lane, header
      end
    end
  end
end

-- The lane of the batch whose turn goes on, where the batch has work in this class.
local function going_on(priority)
  local owner = turn ~= '' and had_s < target_s and redis.call('HGET', key('batch', turn), 'owner')
  if owner and left_for(owner) > 0 and redis.call('ZSCORE', key('batches', queue, priority, owner), turn) then
    local lane, header = first_lane(priority, owner, turn)
    return lane and owner, lane, header
  end
end

-- The first lane that this session can serve, in the order of the schedule, and its batch's header.
local function choose()
  for _, priority in ipairs(redis.call('ZRANGE', key('classes', queue), 0, -1)) do
    local owner, lane, header = going_on(priority)
    if owner then
      target_s = target_s - had_s
      return priority, owner, turn, lane, header
    end
    for owner in in_order(key('owners', queue, priority), looks) do
      if left_for(owner) > 0 then
        local for_others = math.floor(looks / 2) -- or jobs of one owner that this host cannot run would block them
        looks = looks - for_others
        for batch in in_order(key('batches', queue, priority, owner), looks) do
          local lane, header = first_lane(priority, owner, batch)
          if lane then
            return priority, owner, batch, lane, header
          elseif looks <= 0 then
            break
          end
        end
        looks = looks + for_others
        if looks <= 0 then
          return
        end
      end
    end
  end
end

local priority, owner, batch, lane, header
repeat
  moved_up = false
  priority, owner, batch, lane, header = choose()
until priority or not moved_up
if not priority then
  return { 'none' }
end

local list = key('lane', queue, priority, batch, lane)
local count, estimate = most, 0
if executing then
  local measured = header.measured or 0
  estimate = measured > 0 and (header.seconds or 0) / measured or DEFAULT_ESTIMATE_S
  count = 1
  if header.isolation == 'cell' and measured > 0 then
    local slots = math.max(1, number(redis.call('HGET', key('queue', queue), 'slots')))
    local left = math.min(redis.call('LLEN', list), left_of(header.running, header.max_running), left_for(owner))
    count = math.max(1, math.min(most, math.floor(target_s / math.max(estimate, 0.0001)), math.ceil(left / slots)))
  end
  if header.budget.jobs then
    count = math.max(1, math.min(count, header.budget.jobs - header.begun))
  end
end

local judged = {}
local function is_judged(program, policy)
  local verdict = key('verdict', program, policy)
  if judged[verdict] == nil then
    judged[verdict] = redis.call('EXISTS', verdict) == 1
  end
  return judged[verdict]
end

-- Give a job's lease to this session if the job is as it should be. Returns its token, or nil.
local function hold(id, record, first)
  local job = key('job', id)
  if executing and record[1] == 'ready' and record[3] then
    if not is_judged(record[3], record[4] or '') then
      -- Its verdict is no longer stored, and nothing runs without one.
      redis.call('HSET', job, 'state', 'queued')
      wait_again(id, 'queued', 'RPUSH')
      return
    elseif stopped(id, record[6]) then
      return
    end
    local attempt = count_of(record[5]) + 1
    if header.budget.jobs and not record[8] then
      if header.cancelled then
        note(job, 'cancelled', header.cancelled)
        ended(id, 'cancelled', cancelled_message(header.cancelled))
        return
      end
      redis.call('HSET', job, 'started', attempt)
      add(key('batch', batch), 'begun', 1)
    end
    local token = attempt .. '-' .. random
    local fields = { 'state', 'running', 'attempt', attempt, 'token', token, 'history',
      history_with(record[7], 'claimed', session) }
    if first then
      table.insert(fields, 'begun')
      table.insert(fields, now)
    end
    redis.call('HSET', job, unpack(fields))
    return token
  elseif not executing and record[1] == 'queued' then
    local token = '0-' .. random
    redis.call('HSET', job, 'token', token)
    return token
  end
  find(id)
end

local answer = { 'claimed', batch, lane, header.isolation or 'container' }
local indices = redis.call('LPOP', list, count) or {}
add(key('queue', queue), 'waiting', 0 - #indices)
local held = {}
for _, index in ipairs(indices) do
  local id = batch .. '-' .. index
  local record = read(key('job', id), 'state', 'spec', 'program', 'policy', 'attempt', 'stop', 'history', 'started')
  local token = hold(id, record, #held == 0)
  if token then
    table.insert(held, id)
    table.insert(held, executing and token .. ' ' .. estimate .. ' ' .. owner or token)
    for _, value in ipairs({ id, token, record[2] or '', record[3] or '', record[4] or '' }) do
      table.insert(answer, value)
    end
  end
end
local claimed = #held / 2
local cost = executing and estimate * claimed or claimed
advance(queue, priority, owner, batch, cost)
charge(queue, priority, owner, batch, cost)
tidy(queue, priority, owner, batch, lane)
if claimed > 0 then
  redis.call('HSET', key('held', session), unpack(held))
  redis.call('ZADD', key('leases'), now + tonumber(ARGV[4]), session)
  if executing then
    add(key('running'), owner, claimed)
    add(key('batch', batch), 'running', claimed)
  end
end
return answer
