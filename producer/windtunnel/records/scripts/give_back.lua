-- A session gives back jobs that it has not begun. They wait in front, in the order they were claimed in.
-- ARGV: session, then ids and tokens in turn
local session = ARGV[1]
for i = #ARGV - 1, 2, -2 do
  if redis.call('HEXISTS', key('held', session), ARGV[i]) == 1 then
    note(key('job', ARGV[i]), 'given_back', session, 'unbegun')
    untouched(session, ARGV[i], ARGV[i + 1])
  end
end
rest(session)
return 1
