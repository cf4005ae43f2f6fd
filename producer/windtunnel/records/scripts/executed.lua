-- Record what an attempt did, and begin the session's next job. A later attempt's record is never overwritten.
-- ARGV: session, job id ('' for none), token, execution, outcome, seconds in the slot, seconds of work,
--       lease ms, next job id ('' for none), its token
-- Returns {recorded 0|1, wake finalize 0|1, '' | why the next job must not begin, '' | '<host> <what failed there>'}
local DID_NOT_RUN = { infrastructure_error = true, cancelled = true, rejected = true }
local session, id, token = ARGV[1], ARGV[2], ARGV[3]
local job, batch = key('job', id), batch_of(id)
local recorded, wake, suspect = 0, 0, ''
local fields = id ~= '' and read(job, 'state', 'token', 'place', 'stop', 'history', 'suspect') or {}
if fields[1] == 'running' and fields[2] == token then
  local header, seconds, worked = header_of(batch), tonumber(ARGV[6]), tonumber(ARGV[7])
  local estimate = let_go(session, id)
  if header then
    local priority, pool = place_of(fields[3])
    ended(id, ARGV[5], ARGV[5] == 'cancelled' and fields[4] and fields[4]:match('^%S+ (.*)$') or nil,
      'execution', ARGV[4], 'history', history_with(fields[5], 'executed', session, ARGV[5]))
    if priority then
      charge('execute.' .. pool, priority, header.owner, batch, seconds - estimate)
    end
    local together, measured = (header.seconds or 0) + worked, (header.measured or 0) + 1
    -- The mean follows the recent jobs, and leaves out the wait for a sandbox, which the next jobs of a cell share.
    if measured >= 40 then
      together, measured = together / 2, 20
    end
    redis.call('HSET', key('batch', batch), 'seconds', together, 'measured', measured)
    add(key('seconds'), header.owner, seconds)
    add(key('batch', batch), 'spent', seconds)
    header.spent = header.spent + seconds
  else
    discard(id)
  end
  if ARGV[5] ~= 'infrastructure_error' then
    redis.call('HDEL', key('host', host_of(session)), 'failures')
  end
  -- The job could be run here, so the host where it failed before may have failed for a reason of its own.
  if not DID_NOT_RUN[ARGV[5]] and fields[6] and fields[6]:match('^%S+') ~= host_of(session) then
    suspect = fields[6]
  end
  recorded, wake = 1, wake_finalize()
end
redis.call('ZADD', key('leases'), 'XX', now + tonumber(ARGV[8]), session)
if ARGV[9] == '' then
  rest(session)
  return { recorded, wake, '', suspect }
end
local coming = key('job', ARGV[9])
local state = read(coming, 'state', 'token', 'stop')
if state[1] ~= 'running' or state[2] ~= ARGV[10] then
  rest(session)
  return { recorded, wake, 'superseded', suspect }
end
local next_batch = batch_of(ARGV[9])
local next_header = header_of(next_batch)
if next_header and not state[3] then
  keep_to_budget(next_batch, next_header)
  state[3] = spent(next_header)
  if state[3] then
    redis.call('HSET', coming, 'stop', state[3])
  end
end
if state[3] then
  return { recorded, wake, state[3]:match('^%S+'), suspect }
end
redis.call('HSET', coming, 'begun', now)
return { recorded, wake, '', suspect }
