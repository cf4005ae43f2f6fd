-- A worker of a host says that it is there and that nothing has changed.
-- ARGV: host, worker
-- Returns 1, or 0 when the host is not known (any more) and must say all of it.
if not redis.call('ZSCORE', key('hosts'), ARGV[1]) then
  return 0
end
redis.call('ZADD', key('hosts'), now, ARGV[1])
redis.call('ZADD', key('host', ARGV[1], 'workers'), now, ARGV[2])
return 1
