-- Have a finalizer look again, after a pause, at a job that waits for its report.
-- ARGV: job id, pause ms
redis.call('ZADD', key('ended'), 'XX', now + tonumber(ARGV[2]), ARGV[1])
