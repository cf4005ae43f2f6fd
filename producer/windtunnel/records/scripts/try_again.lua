-- After a fault of the machinery: the job waits for another attempt, after a pause and on another host if there is one.
-- ARGV: session, job id, token, most attempts a round, attempts kept, summary, pause ms
-- Returns 1 it waits again | 0 no attempt is left | -1 not this session's any more.
local session, id = ARGV[1], ARGV[2]
local job, batch = key('job', id), batch_of(id)
local fields = redis.call('HMGET', job, 'state', 'token', 'attempt', 'round', 'stop')
if fields[1] ~= 'running' or fields[2] ~= ARGV[3] then
  return -1
end
if fields[5] or number(fields[3]) - number(fields[4]) >= tonumber(ARGV[4]) then
  return 0
end
let_go(session, id, redis.call('HGET', key('batch', batch), 'owner'), batch)
redis.call('RPUSH', key('job', id, 'attempts'), ARGV[6])
redis.call('LTRIM', key('job', id, 'attempts'), -tonumber(ARGV[5]), -1)
redis.call('HDEL', job, 'token', 'begun')
redis.call('HSET', job, 'state', 'ready', 'avoid', host_of(session))
note(job, 'given_back', session, 'fault')
redis.call('ZADD', key('later'), now + tonumber(ARGV[7]), id)
if redis.call('EXISTS', key('held', session)) == 0 then
  redis.call('ZREM', key('leases'), session)
end
return 1
