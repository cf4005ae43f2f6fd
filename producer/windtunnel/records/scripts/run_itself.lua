-- A job that was to get another's report, which cannot be read any more, waits for a slot of its own.
-- ARGV: job id
-- Returns 1, or 0 where it is not such a job.
local id = ARGV[1]
local job = key('job', id)
local fields = read(job, 'state', 'cached_from', 'attempt')
if fields[1] ~= 'ended' or not fields[2] then
  return 0
end
redis.call('HDEL', job, 'cached_from', 'outcome', 'cache')
redis.call('HSET', job, 'state', 'ready', 'attempt', math.max(0, count_of(fields[3]) - 1))
redis.call('ZREM', key('ended'), id)
note(job, 'given_back', 'cache', 'unreadable')
wait_again(id, 'ready', 'LPUSH')
return 1
