-- After a fault of the machinery: the job waits for another attempt, after a pause and on another host if there is one.
-- ARGV: session, job id, token, most attempts a round, attempts kept, summary, pause ms,
--       what failed ('' if it was counted as the host's own failure)
-- Returns 1 it waits again, or ended as it was cancelled | 0 no attempt is left | -1 not this session's any more.
local session, id = ARGV[1], ARGV[2]
local job = key('job', id)
local fields = read(job, 'state', 'token', 'attempt', 'round', 'stop', 'avoid')
if fields[1] ~= 'running' or fields[2] ~= ARGV[3] then
  return -1
end
if not fields[5] and count_of(fields[3]) - count_of(fields[4]) >= tonumber(ARGV[4]) then
  return 0
end
let_go(session, id)
rest(session)
redis.call('HDEL', job, 'token', 'begun')
note(job, 'given_back', session, 'fault')
if stopped(id, fields[5]) then
  return 1
end
tally('retries', 1)
redis.call('RPUSH', key('job', id, 'attempts'), ARGV[6])
redis.call('LTRIM', key('job', id, 'attempts'), -tonumber(ARGV[5]), -1)
redis.call('HSET', job, 'state', 'ready', 'avoid', avoiding(fields[6], host_of(session)))
if ARGV[8] ~= '' then
  redis.call('HSET', job, 'suspect', host_of(session) .. ' ' .. ARGV[8])
end
redis.call('ZADD', key('later'), now + tonumber(ARGV[7]), id)
return 1
