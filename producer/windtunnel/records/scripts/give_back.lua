-- A session gives back jobs that it has not begun.
-- ARGV: session, then ids and tokens in turn
local session = ARGV[1]
for i = 2, #ARGV, 2 do
  untouched(session, ARGV[i], ARGV[i + 1])
end
if redis.call('EXISTS', key('held', session)) == 0 then
  redis.call('ZREM', key('leases'), session)
end
return 1
