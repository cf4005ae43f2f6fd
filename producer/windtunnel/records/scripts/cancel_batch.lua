-- Nothing of this batch is handed out from now on. Its jobs are ended by `cancel`, part by part; should that stop
-- half-way, `claim` ends those that wait.
-- ARGV: batch id, who
-- Returns the number of jobs written, or -1 when there is no such batch.
local header = header_of(ARGV[1])
if not header then
  return -1
end
if header.finished == header.total then
  return 0
end
redis.call('HSET', key('batch', ARGV[1]), 'cancelled', ARGV[2], 'closed_at', now)
-- A producer that still writes soon says so, and has the rest of its jobs cancelled as it writes them.
redis.call('ZADD', key('opening'), 'XX', 'LT', now + CANCELLING_MS, ARGV[1])
return header.written
