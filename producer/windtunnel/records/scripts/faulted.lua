-- An unexpected exception in a stage: the job waits again after a pause, a bounded number of times, then it ends.
-- ARGV: session, job id, token, most times, pause ms, message
-- Returns 1 it waits again | 0 it ended | -1 not this session's any more.
local session, id = ARGV[1], ARGV[2]
local job = key('job', id)
local fields = read(job, 'state', 'token', 'faults', 'stop')
local running = fields[1] == 'running'
if fields[2] ~= ARGV[3] or not (running or fields[1] == 'queued') then
  return -1
end
let_go(session, id)
rest(session)
redis.call('HDEL', job, 'token', 'begun')
note(job, 'fault', session)
tally('faults', 1)
if stopped(id, fields[4]) then
  return 0
end
local faults = count_of(fields[3]) + 1
redis.call('HSET', job, 'faults', faults)
if faults >= tonumber(ARGV[4]) then
  ended(id, 'infrastructure_error', ARGV[6])
  return 0
end
redis.call('HSET', job, 'state', running and 'ready' or 'queued')
redis.call('ZADD', key('later'), now + tonumber(ARGV[5]), id)
return 1
