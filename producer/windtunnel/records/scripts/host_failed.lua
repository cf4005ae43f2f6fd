-- A host failed for reasons of its own; the third time in a row it pauses itself.
-- ARGV: host, reason, failures in a row that pause it, ms of the pause
-- Returns 1 when it is paused now, else 0.
local at = key('host', ARGV[1])
if not redis.call('ZSCORE', key('hosts'), ARGV[1]) then
  return 0
end
local failures = add(at, 'failures', 1)
redis.call('HSET', at, 'reason', ARGV[2])
tally('host_failures', 1)
if failures < tonumber(ARGV[3]) then
  return 0
end
tally('host_pauses', 1)
-- One more failure after the pause pauses it again.
redis.call('HSET', at, 'paused_until', now + tonumber(ARGV[4]), 'failures', tonumber(ARGV[3]) - 1)
return 1
