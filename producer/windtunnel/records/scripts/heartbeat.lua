-- Renew a session's lease, and ask whether the job that it works on goes on.
-- ARGV: session, lease ms, job id, token
-- Returns '' to go on, or why to stop: 'superseded', 'cancelled' or 'budget'.
local session = ARGV[1]
local fields = read(key('job', ARGV[3]), 'state', 'token', 'stop')
redis.call('ZADD', key('leases'), 'XX', now + tonumber(ARGV[2]), session)
if fields[1] ~= 'running' or fields[2] ~= ARGV[4] then
  return 'superseded'
end
return fields[3] and fields[3]:match('^%S+') or ''
