-- A worker of a host says that it is there and that nothing has changed.
-- ARGV: host, worker
-- Returns 1, or 0 when it must say all of it: its record is gone, whole or in part, or another worker of the host is.
local at, workers = key('host', ARGV[1]), key('host', ARGV[1], 'workers')
if not redis.call('ZSCORE', key('hosts'), ARGV[1]) or redis.call('HEXISTS', at, 'slots ' .. ARGV[2]) == 0
  or redis.call('SCARD', key('host', ARGV[1], 'has')) == 0
  or redis.call('ZCOUNT', workers, '-inf', now - 15000) > 0 then
  return 0
end
redis.call('ZADD', key('hosts'), now, ARGV[1])
redis.call('ZADD', workers, now, ARGV[2])
return 1
