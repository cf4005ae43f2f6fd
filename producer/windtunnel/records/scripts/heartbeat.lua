-- Renew a session's lease, and ask whether the job that it works on goes on.
-- ARGV: session, lease ms, job id, token
-- Returns '' to go on, or why to stop: 'superseded', 'cancelled' or 'budget'.
local session = ARGV[1]
local job = key('job', ARGV[3])
local fields = read(job, 'state', 'token', 'stop', 'begun')
if fields[1] ~= 'running' or fields[2] ~= ARGV[4] then
  redis.call('ZADD', key('leases'), 'XX', now + tonumber(ARGV[2]), session)
  return 'superseded'
end
redis.call('ZADD', key('leases'), now + tonumber(ARGV[2]), session) -- also where somebody removed it
local batch = batch_of(ARGV[3])
local header = header_of(batch)
if header and not fields[3] then
  keep_to_budget(batch, header, (now - number(fields[4], now)) / 1000)
  fields[3] = spent(header)
  if fields[3] then
    redis.call('HSET', job, 'stop', fields[3])
  end
end
return fields[3] and fields[3]:match('^%S+') or ''
