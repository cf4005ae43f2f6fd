-- Shared by every script: it is put in front of each. KEYS[1] is the prefix of all keys; `keyspace.py` describes them.
local P = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local HISTORY_BYTES = 4096
local DEFAULT_ESTIMATE_S = 0.1
local ORPHANS_LIVE_S = 86400
local STATES = { queued = true, ready = true, running = true, ended = true, finished = true }

local function key(...)
  return P .. ':' .. table.concat({ ... }, ':')
end

local function number(value, default)
  return tonumber(value) or default or 0
end

-- A count that a record holds; 0 where it is missing or damaged.
local function count_of(value)
  local count = tonumber(value)
  return count and count >= 0 and count < 1e9 and count % 1 == 0 and count or 0
end

-- Fields of a record. A key of another type is removed, so that it counts as a record that is gone.
local function read(at, ...)
  local fields = redis.pcall('HMGET', at, ...)
  if fields.err then
    redis.call('DEL', at)
    return {}
  end
  return fields
end

local function read_header(batch)
  local fields = read(key('batch', batch), 'owner', 'total', 'finished', 'written', 'running', 'max_running', 'seconds',
    'measured', 'isolation', 'cancelled', 'closed_at', 'budget', 'since', 'spent', 'begun',
    'webhook')
  local header = { owner = fields[1], isolation = fields[9], cancelled = fields[10], since = number(fields[13], now),
    spent = number(fields[14]), begun = number(fields[15]), webhook = fields[16] }
  for at, name in ipairs({ 'total', 'finished', 'written', 'running', 'max_running', 'seconds', 'measured' }) do
    header[name] = tonumber(fields[at + 1])
    if fields[at + 1] and not header[name] then
      return nil
    end
  end
  header.closed_at = number(fields[11])
  local readable, budget = pcall(cjson.decode, fields[12] or '{}')
  header.budget = readable and type(budget) == 'table' and budget or {}
  return header.owner and header.total and header.finished and header.written and header or nil
end

-- A batch's header as it was when this script first looked, or nil where somebody removed or damaged it.
local headers = {}
local function header_of(batch)
  batch = batch or '' -- of an id that is none
  if headers[batch] == nil then
    headers[batch] = read_header(batch) or false
  end
  return headers[batch] or nil
end

-- Counters for whoever monitors the deployment. Whoever damaged one must not stop what is counted.
local function tally(name, amount)
  redis.pcall('HINCRBYFLOAT', key('metrics'), name, amount)
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

-- `place` is where a job waits: '<priority> <pool> <what its host must have, separated by spaces>'; nil if it is damaged.
local function place_of(text)
  if not text then
    return
  end
  local priority, pool, needs = text:match('^(%d) (%S+) (.*)$')
  return priority, pool, needs
end

-- History: one line a transition, '<ms> <what> <who>[ <detail>]'. Returns a history with one more line.
local function history_with(before, what, who, detail)
  before = before or ''
  if #before > HISTORY_BYTES then
    local first = before:find('\n', 1, true)
    local tail = before:sub(-HISTORY_BYTES / 2)
    before = before:sub(1, math.min(first or 0, HISTORY_BYTES / 2)) .. tail:sub((tail:find('\n', 1, true) or 0) + 1)
  end
  local line = string.format('%.0f %s %s', now, what, who)
  if detail then
    line = line .. ' ' .. detail
  end
  return before .. line .. '\n'
end

local function note(job, what, who, detail)
  redis.call('HSET', job, 'history', history_with(redis.call('HGET', job, 'history'), what, who, detail))
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
  local weight = number(redis.call('HGET', key('weights'), owner), 1)
  local tag = redis.call('HINCRBYFLOAT', times, 'owner ' .. owner, seconds / weight)
  redis.call('ZADD', key('owners', queue, priority), 'XX', tag, owner)
  tag = redis.call('HINCRBYFLOAT', times, 'batch ' .. batch, seconds)
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
    -- Nobody is left to be ahead of or behind: all start anew, and the times of past owners take no memory.
    redis.call('DEL', times_key(queue, priority))
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
local function lane_of(state, program, needs, avoid)
  if state == 'queued' then
    return program
  end
  return avoid and needs .. ' avoid:' .. avoid or needs
end

-- Budgets ------------------------------------------------------------------------------------------

-- Nothing of a batch is handed out from now on, and what waits ends.
local function close_batch(batch, header, by)
  header.cancelled, header.closed_at = by, now
  redis.call('HSET', key('batch', batch), 'cancelled', by, 'closed_at', now)
end

-- Close a batch that has spent its budget. `running_s` is what an attempt has used that has not ended.
-- Returns who closed it: 'budget <part> <limit>', whoever cancelled it before, or nil.
local function keep_to_budget(batch, header, running_s)
  if header.cancelled then
    return header.cancelled
  end
  local budget, part = header.budget, nil
  if now - header.since >= 1000 * number(budget.wall_s, math.huge) then
    part = 'wall_s'
  elseif header.spent + (running_s or 0) >= number(budget.slot_seconds, math.huge) then
    part = 'slot_seconds'
  elseif header.begun >= number(budget.jobs, math.huge) then
    part = 'jobs'
  end
  if part then
    close_batch(batch, header, 'budget ' .. part .. ' ' .. string.format('%.14g', budget[part]))
  end
  return header.cancelled
end

local BUDGET_SPENT = {
  wall_s = "The batch's budget of %s s since its submission is spent.",
  slot_seconds = "The batch's budget of %s slot-seconds is spent.",
  jobs = 'As many jobs of the batch have begun as its budget allows: %s.',
  same_failure = 'The first %s jobs of the batch failed for the same reason, so the rest was stopped.',
}

local function cancelled_message(by)
  local part, most = by:match('^budget (%S+) (%S+)$')
  return BUDGET_SPENT[part] and BUDGET_SPENT[part]:format(most) or 'Cancelled by ' .. by .. '.'
end

-- Why a running job of this batch must stop, '<reason> <message>', or nil. A budget of jobs stops none that runs.
local function spent(header)
  local by = header and header.cancelled
  if by and by:match('^budget ') and not by:match('^budget jobs ') then
    return 'budget ' .. cancelled_message(by)
  end
end

-- Ends ---------------------------------------------------------------------------------------------

-- A job that has its end, and waits for its report. Further arguments: more fields of its record and their values.
local function ended(id, outcome, message, ...)
  local job = key('job', id)
  redis.call('HSET', job, 'state', 'ended', 'outcome', outcome, ...)
  if message then
    redis.call('HSET', job, 'message', message)
  end
  redis.call('ZADD', key('ended'), now, id)
end

-- The record is gone or cannot be understood, whoever did that: its batch still needs a report for it.
local function damaged(id)
  local job = key('job', id)
  if redis.call('HEXISTS', job, 'state') == 1 then
    note(job, 'damaged', 'records')
    ended(id, 'infrastructure_error', 'What is stored of this job is damaged, so it did not run. Submit it again.')
  else
    note(job, 'removed', 'records')
    ended(id, 'lost', 'The record of this job was removed before it ended.')
  end
end

-- The job's batch is gone: nobody can be told how it ended, so it leaves with its batch.
local function discard(id)
  local job = key('job', id)
  local fields = read(job, 'program', 'state')
  redis.call('ZREM', key('ended'), id)
  redis.call('ZREM', key('later'), id)
  if fields[2] == 'finished' then
    return
  end
  local unused = fields[1] and use_program(fields[1], -1)
  if unused then
    redis.call('EXPIRE', key('code', unused), ORPHANS_LIVE_S)
  end
  redis.call('DEL', job, key('job', id, 'attempts'))
end

-- `stop` is why a job must stop, '<reason> <message>'. Ends it; returns false where there is no reason.
local function stopped(id, stop)
  if not stop then
    return false
  end
  ended(id, 'cancelled', stop:match('^%S+ (.*)$'))
  return true
end

-- True when somebody must be woken to write reports: nobody was within the last second.
local function wake_finalize()
  return redis.call('SET', key('waking'), 1, 'NX', 'PX', 1000) and 1 or 0
end

-- The result cache ---------------------------------------------------------------------------------

-- `cache` of a job is the digest of all that decides its result. An entry has the `leader` that runs for it, or the
-- `source` that ran; equal jobs follow the leader, and get the source's report.
local KEPT = { succeeded = true, failed = true, memory_exceeded = true, output_exceeded = true, disk_exceeded = true,
  processes_exceeded = true }
-- These may be the host's doing as well: whoever followed gets them, nobody who comes later.
local PASSED_ON = { timed_out = true, cpu_exceeded = true, io_exceeded = true }
local FOLLOWERS_AT_ONCE = 500
local LEADER_S = 30 * 86400

local function cache_of(digest)
  local fields = redis.call('HMGET', key('cache', digest), 'leader', 'source', 'attempt', 'needs', 'image')
  return { leader = fields[1], source = fields[2], attempt = fields[3], needs = fields[4], image = fields[5] }
end

local function stop_following(id, digest)
  local removed = redis.call('ZREM', key('followers', digest), id)
  if removed == 1 then
    redis.call('HINCRBY', key('counters'), 'following', -1)
    redis.call('HDEL', key('job', id), 'follows')
  end
  return removed == 1
end

-- False where a live host would run it in another image by now.
local images = {}
local function same_image(needs, image)
  if image == '' then
    return true
  end
  local name = needs .. ' ' .. image
  if images[name] == nil then
    images[name] = true
    for _, host in ipairs(redis.call('ZRANGEBYSCORE', key('hosts'), now - 15000, '+inf')) do
      local there = redis.call('HGET', key('host', host, 'images'), needs)
      images[name] = images[name] and (not there or there == image)
    end
  end
  return images[name]
end

-- How the source of an entry ended, or nil where it must not answer for anybody.
local function outcome_of_source(entry)
  if not entry.source then
    return
  end
  local fields = read(key('job', entry.source), 'state', 'attempt', 'outcome')
  return fields[1] == 'finished' and fields[2] == entry.attempt and (KEPT[fields[3]] or PASSED_ON[fields[3]])
    and same_image(entry.needs or '', entry.image or '') and fields[3] or nil
end

-- Whether a job may wait for this leader: what it waits for must not be served later than the job itself.
local function may_follow(leader, digest, place, header)
  local fields = read(key('job', leader), 'state', 'cache', 'place')
  local other = header_of(batch_of(leader))
  if fields[2] ~= digest or not other or other.cancelled then
    return false
  end
  return fields[1] == 'running' or fields[1] == 'ended'
    or fields[1] == 'ready' and fields[3] == place and other.owner == header.owner
      and (other.max_running == nil or other.max_running == header.max_running)
end

-- What becomes of a job that would be ready: 'answered' by an earlier one, 'follows' one under way, or 'ready' itself.
local function admit(id, digest, place, header)
  local entry, job = cache_of(digest), key('job', id)
  local outcome = outcome_of_source(entry)
  if outcome and entry.source ~= id then
    note(job, 'cached', 'cache', entry.source)
    redis.call('HINCRBY', job, 'attempt', 1)
    ended(id, outcome, nil, 'cached_from', entry.source, 'token', '')
    return 'answered'
  end
  if entry.leader and entry.leader ~= id then
    if may_follow(entry.leader, digest, place, header) then
      redis.call('HSET', job, 'follows', digest)
      redis.call('ZADD', key('followers', digest), 'NX', now, id)
      redis.call('HINCRBY', key('counters'), 'following', 1)
      redis.call('ZADD', key('following'), 'NX', now, digest)
      return 'follows'
    end
    local state = read(key('job', entry.leader), 'state', 'cache')
    if state[2] == digest and state[1] ~= 'finished' then
      return 'ready' -- the other one stays the leader
    end
  end
  redis.call('HSET', key('cache', digest), 'leader', id)
  redis.call('HDEL', key('cache', digest), 'source')
  redis.call('EXPIRE', key('cache', digest), LEADER_S)
  return 'ready'
end

-- Trials -------------------------------------------------------------------------------------------

local MOST_TRIALS = 100000 -- of an owner on a dataset

local function hash_at(at)
  if redis.call('TYPE', at).ok ~= 'hash' then
    redis.call('DEL', at)
  end
  return at
end

local function figure(more, name)
  return tonumber(redis.call('HGET', more, name) or '') or 0
end

-- A trial is noted once, however often the same one is made. Of those beyond the bound only the figures are kept.
local function note_trial(owner, trial)
  local digest, ratio, datasets = trial:match('^(%S+) (%S+) (.+)$')
  for dataset in (datasets or ''):gmatch('%S+') do
    local known = hash_at(key('trials', owner, dataset))
    if redis.call('HLEN', known) < MOST_TRIALS then
      redis.call('HSETNX', known, digest, ratio)
    elseif redis.call('HEXISTS', known, digest) == 0 then
      local more, value = hash_at(key('trials', owner, dataset, 'more')), tonumber(ratio)
      if not value then
        redis.call('HSET', more, 'flat', figure(more, 'flat') + 1)
      else
        local scored, mean = figure(more, 'scored') + 1, figure(more, 'mean')
        local moved = mean + (value - mean) / scored
        redis.call('HSET', more, 'scored', scored, 'mean', string.format('%.17g', moved),
          'squares', string.format('%.17g', figure(more, 'squares') + (value - mean) * (value - moved)))
      end
    end
  end
end

-- Waiting ------------------------------------------------------------------------------------------

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
    redis.call('HINCRBY', key('queue', queue), 'waiting', -1)
    tidy(queue, priority, header.owner, batch, lane)
  end
end

-- Holding ------------------------------------------------------------------------------------------

-- `held` of a job that executes is '<token> <estimate charged> <owner>', of one that is judged '<token>'.
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
  if redis.call('HINCRBY', key('running'), owner, -1) <= 0 then
    redis.call('HDEL', key('running'), owner)
  end
  local batch = batch_of(id)
  if header_of(batch) then
    redis.call('HINCRBY', key('batch', batch), 'running', -1)
  end
  return tonumber(estimate) or 0
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
  local lane = lane_of(fields[1], fields[4], needs, fields[5])
  local list = key('lane', queue_of(fields[1], pool), priority, batch_of(id), lane)
  return redis.call('LPOS', list, index_of(id)) and true or false
end

-- A job that should have been here, and is not as its record says. Where it is nowhere else it ends.
local function find(id)
  if not header_of(batch_of(id)) then
    discard(id)
  elseif not is_somewhere(id) then
    damaged(id)
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

-- A session gives a job back that it has not begun, if the job is still its own.
local function untouched(session, id, token)
  local held = redis.call('HGET', key('held', session), id)
  if not held or held:match('^%S+') ~= token then
    return
  end
  local estimate = let_go(session, id)
  local job = key('job', id)
  local fields = read(job, 'state', 'token', 'attempt', 'stop', 'place')
  local running = fields[1] == 'running'
  if fields[2] ~= token or not (running or fields[1] == 'queued') then
    find(id)
    return
  end
  redis.call('HDEL', job, 'token', 'begun')
  if running then
    redis.call('HSET', job, 'state', 'ready', 'attempt', math.max(0, count_of(fields[3]) - 1))
    local batch, priority, pool = batch_of(id), place_of(fields[5])
    local header = header_of(batch)
    if header then
      redis.call('HINCRBY', key('batch', batch), 'begun', -1)
    end
    if header and priority then
      charge('execute.' .. pool, priority, header.owner, batch, 0 - estimate)
    end
  end
  if not stopped(id, fields[4]) then
    wait_again(id, running and 'ready' or 'queued', 'LPUSH')
  end
end

-- Let jobs that followed go on: as an entry's source has it, or behind a new leader. Forgets the entry of a source that
-- answers only for them.
local function release(digest)
  local followers = key('followers', digest)
  for _, id in ipairs(redis.call('ZRANGE', followers, 0, FOLLOWERS_AT_ONCE - 1)) do
    stop_following(id, digest)
    local fields = read(key('job', id), 'state', 'cache', 'place', 'token')
    local header = header_of(batch_of(id))
    if not header then
      discard(id)
    elseif fields[1] ~= 'ready' or fields[2] ~= digest or not fields[3] then
      find(id)
    elseif keep_to_budget(batch_of(id), header) then
      note(key('job', id), 'cancelled', header.cancelled)
      ended(id, 'cancelled', cancelled_message(header.cancelled))
    elseif admit(id, digest, fields[3], header) == 'ready' then
      wait_again(id, 'ready', 'RPUSH')
    end
  end
  if redis.call('EXISTS', followers) == 1 then
    local entry = cache_of(digest)
    redis.call('ZADD', key('following'), (entry.source or not entry.leader) and 0 or now, digest)
    return
  end
  redis.call('ZREM', key('following'), digest)
  local entry = cache_of(digest)
  if entry.source and not KEPT[read(key('job', entry.source), 'outcome')[1]] then
    redis.call('DEL', key('cache', digest))
  end
end

-- Release followers whose leader has its report, or of which nothing was heard for a while.
local function release_due(most, before)
  for _, digest in ipairs(redis.call('ZRANGEBYSCORE', key('following'), '-inf', before, 'LIMIT', 0, most)) do
    local leader = cache_of(digest).leader
    local first = redis.call('ZRANGE', key('followers', digest), 0, 0)[1]
    local header = first and header_of(batch_of(first))
    local waits = leader and header and not keep_to_budget(batch_of(first), header) and is_somewhere(leader)
      and may_follow(leader, digest, read(key('job', first), 'place')[1], header)
    if waits then
      redis.call('ZADD', key('following'), now, digest)
    else
      release(digest)
    end
  end
end

-- Take up to `most` jobs out of a batch's lanes in one class of a queue, whatever they need, and end each: as cancelled,
-- or with their batch where that is gone. Returns how many.
local function clear(queue, priority, owner, batch, most, by)
  local taken = 0
  for _, lane in ipairs(redis.call('ZRANGE', key('lanes', queue, priority, batch), 0, most - 1)) do
    local indices = redis.call('LPOP', key('lane', queue, priority, batch, lane), math.max(1, most - taken)) or {}
    redis.call('HINCRBY', key('queue', queue), 'waiting', 0 - #indices)
    taken = taken + #indices
    for _, index in ipairs(indices) do
      local id = batch .. '-' .. index
      if by then
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

local function host_of(session)
  return session:match('^[^:]*')
end

-- Hosts that were seen within the last seconds and take work.
local function live_hosts()
  return redis.call('ZRANGEBYSCORE', key('hosts'), now - 15000, '+inf')
end

-- Webhooks: each host they go to has a queue of its own, and hosts take turns.
local function hook_host(url)
  return url:match('^%a+://([^/?#]+)') or 'none'
end

-- When a host's first webhook is due: whoever waits for another host comes before its next one.
local function next_hook(host)
  local first = redis.call('ZRANGE', key('outbox', host), 0, 0, 'WITHSCORES')
  if first[2] then
    redis.call('ZADD', key('outbox'), math.max(now, tonumber(first[2])), host)
  else
    redis.call('ZREM', key('outbox'), host)
  end
end
