-- Queue a finished job again. Its ended attempt joins the history; the batch's counters step back.
-- ARGV: job id, attempt that ended, its summary, attempts kept, who, '1' the first of those that are asked for together
-- Returns 1 | 0 it is not finished, or not with this attempt | -1 its program is no longer stored.
local id, attempt = ARGV[1], ARGV[2]
local job, batch = key('job', id), batch_of(id)
local at = key('batch', batch)
local fields = read(job, 'state', 'attempt', 'outcome', 'program', 'place')
local header = header_of(batch)
if fields[1] ~= 'finished' or not fields[3] or count_of(fields[2]) ~= tonumber(attempt) or not header then
  return 0
end
if not fields[4] or not place_of(fields[5])
  or redis.call('EXISTS', key('code', fields[4]:match('^[^:]*'))) == 0 then
  return -1
end
use_program(fields[4], 1)
redis.call('RPUSH', key('job', id, 'attempts'), ARGV[3])
redis.call('LTRIM', key('job', id, 'attempts'), -tonumber(ARGV[4]), -1)
redis.call('HSET', job, 'state', 'queued', 'round', count_of(fields[2]))
redis.call('HDEL', job, 'outcome', 'report', 'policy', 'cache', 'started') -- whoever asks for a retry wants it to run
note(job, 'retried', ARGV[5])
add(at, 'outcome:' .. fields[3], -1)
local finished = add(at, 'finished', -1)
if ARGV[6] == '1' then
  if header.cancelled or header.finished == header.total then -- its budget begins anew
    redis.call('HSET', at, 'since', now)
    redis.call('HDEL', at, 'spent', 'begun', 'alike', 'alike_reason')
  end
  redis.call('HDEL', at, 'cancelled', 'closed_at')
end
redis.call('HDEL', at, 'finished_at')
tell(batch, header.total, 'kind', 'retried', 'finished', finished, 'index', index_of(id))
for _, one in ipairs({ job, key('job', id, 'attempts'), at, key('batch', batch, 'events') }) do
  redis.call('PERSIST', one)
end
local more = redis.call('HMGET', at, 'submitted_at', 'key')
if more[2] then
  redis.call('PERSIST', key('idempotency', more[2]))
end
add(key('counters'), 'unfinished', 1)
redis.call('ZADD', key('open'), number(more[1], now), batch)
wait_again(id, 'queued', 'RPUSH')
return 1
