-- A webhook was delivered, or the attempt failed, or it is given up ("dead") and kept for `send_again`.
-- ARGV: event, its URL, `delivered`, `failed` or `dead`, ms until it is sent again if it failed,
--       how many others to that host wait as long
-- Returns 1.
local host = hook_host(ARGV[2])
if ARGV[3] == 'failed' then
  local due = now + tonumber(ARGV[4])
  redis.call('ZADD', key('outbox', host), 'XX', due, ARGV[1])
  for _, other in ipairs(redis.call('ZRANGEBYSCORE', key('outbox', host), '-inf', due, 'LIMIT', 0, ARGV[5])) do
    redis.call('ZADD', key('outbox', host), 'XX', due, other)
  end
else
  redis.call('ZREM', key('outbox', host), ARGV[1])
  if ARGV[3] == 'delivered' then
    redis.call('DEL', key('hook', ARGV[1]))
  end
end
next_hook(host)
tally('webhooks:' .. ARGV[3], 1)
return 1
