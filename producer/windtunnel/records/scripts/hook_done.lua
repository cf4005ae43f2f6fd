-- A webhook was delivered or given up, or is to be sent again.
-- ARGV: event, its URL, when to send it again (ms; '' for never)
-- Returns 1.
local host = hook_host(ARGV[2])
if ARGV[3] == '' then
  redis.call('ZREM', key('outbox', host), ARGV[1])
  redis.call('DEL', key('hook', ARGV[1]))
else
  redis.call('ZADD', key('outbox', host), 'XX', tonumber(ARGV[3]), ARGV[1])
end
next_hook(host)
return 1
